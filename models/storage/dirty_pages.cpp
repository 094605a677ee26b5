#include "models/storage/dirty_pages.hpp"

#include <algorithm>

namespace labtwin::storage {

Bytes dirty_room(const DirtyLimits& limits, Bytes available) {
  return available * (0.5 * (limits.background_ratio + limits.ratio));
}

Seconds buffered_write_time(Bytes volume, Bytes room, BytesPerSecond drive) {
  const Seconds copied = volume / kCopyRate;
  return volume <= room ? copied : std::max(copied, (volume - room) / drive);
}

}  // namespace labtwin::storage
