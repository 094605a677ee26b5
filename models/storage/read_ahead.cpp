#include "models/storage/read_ahead.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace labtwin::storage {
namespace {

constexpr Bytes kPage = Bytes::from_base(4096.0);
/// BLK_DEF_MAX_SECTORS_CAP of Linux.
constexpr Bytes kLargestRequest = Bytes::from_base(1280.0 * 1024.0);

}  // namespace

Bytes first_window(Bytes request, Bytes limit) {
  const auto pages = static_cast<std::uint64_t>(std::max(1.0, std::ceil(request / kPage)));
  const Bytes rounded = kPage * static_cast<double>(std::bit_ceil(pages));
  if (rounded <= limit / 32.0) return rounded * 4.0;
  if (rounded <= limit / 4.0) return rounded * 2.0;
  return limit;
}

Bytes next_window(Bytes window, Bytes limit) {
  if (window < limit / 16.0) return window * 4.0;
  if (window <= limit / 2.0) return window * 2.0;
  return limit;
}

ReadAheadStream read_ahead_stream(Bytes request, Bytes limit, Bytes file) {
  const Bytes largest = std::max(limit, std::min(request, kLargestRequest));
  if (file == Bytes{}) return {.window = largest, .depth = kReadAheadWindows};
  double num_windows = 0.0;
  Bytes done;
  for (Bytes window = first_window(request, largest); done < file; window = next_window(window, largest)) {
    // From the limit on they are all alike.
    const double num_alike = window == largest ? std::ceil((file - done) / largest) : 1.0;
    done += window * num_alike;
    num_windows += num_alike;
  }
  return {.window = file / num_windows, .depth = num_windows > 2.0 ? kReadAheadWindows : 1U};
}

}  // namespace labtwin::storage
