#include "models/storage/read_device_limits.hpp"

#include <cstddef>
#include <optional>

namespace labtwin::storage {

DeviceLimits read_device_limits(TableReader& parameters) {
  DeviceLimits limits;
  std::optional<TableReader> device = parameters.optional_table("device");
  if (!device) return limits;
  limits.tags = device->value_or<std::size_t>("tags", limits.tags, at_least(1.0));
  limits.read_window = device->optional<Bytes>("read_window", kPositive);
  limits.write_window = device->optional<Bytes>("write_window", kPositive);
  limits.interference.write_on_read = device->value_or<double>("write_on_read", 1.0, kNonNegative);
  limits.interference.read_on_write = device->value_or<double>("read_on_write", 1.0, kNonNegative);
  limits.degraded_slowdown = device->value_or<double>("degraded_slowdown", limits.degraded_slowdown, at_least(1.0));
  if (std::optional<TableReader> cache = device->optional_table("write_cache")) {
    limits.write_cache = WriteCache{.capacity = cache->required<Bytes>("capacity", kNonNegative),
                                    .flush_bandwidth = cache->required<BytesPerSecond>("flush_bandwidth", kPositive)};
  }
  return limits;
}

}  // namespace labtwin::storage
