#include "sim/command/captured_set.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/file.hpp"

namespace labtwin::command {

void write_captured_set(const std::filesystem::path& folder, const calibration::MeasurementTable& table,
                        const CapturedSet& set) {
  std::filesystem::create_directories(folder);
  write_file_atomically(folder / "measurements.csv", table.to_csv());
  std::string device = set.device;
  std::replace(device.begin(), device.end(), '"', '\'');  // which TOML would end the text at
  write_file_atomically(folder / "manifest.toml",
                        fmt::format("kind = \"{}\"\ndevice = \"{}\"\nconditions = \"{}\"\nprovenance = \"{}\"\n", set.kind,
                                    device, set.conditions, set.provenance));
}

}  // namespace labtwin::command
