// A program outside the project that uses an installed labtwin: the time a gibibyte takes at 2 GiB/s.

#include "models/base/error.hpp"
#include "models/base/units.hpp"

int main() {
  const labtwin::Bytes size = labtwin::Bytes::from_base(1073741824.0);
  const labtwin::BytesPerSecond bandwidth = labtwin::BytesPerSecond::from_base(2147483648.0);
  const labtwin::Seconds time = size / bandwidth;
  const labtwin::Diagnostic diagnostic{
      .place = {.file = "lab.toml", .line = 1}, .key = "size", .value = "", .rule = "required", .hint = ""};
  return time == labtwin::Seconds::from_base(0.5) && !diagnostic.text().empty() ? 0 : 1;
}
