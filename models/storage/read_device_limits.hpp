#pragma once

#include "models/base/table_reader.hpp"
#include "models/storage/device_queue.hpp"

namespace labtwin::storage {

/// What the drive takes at once, from the table `device` of a catalog entry; the defaults if there is none.
///   [parameters.device]
///   tags = 256; read_window = "2 MiB"; write_window = "8 MiB"; write_on_read = 1.0; read_on_write = 1.0; degraded_slowdown
///   = 10.0 write_cache = { capacity = "1 GiB", flush_bandwidth = "1.2 GB/s" }
[[nodiscard]] DeviceLimits read_device_limits(TableReader& parameters);

}  // namespace labtwin::storage
