#pragma once

#include "sim/scenario/service_place.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// An analytical query that reads a table from end to end: a data-prep job by another name.
///   type = "scan"; node, drive; bytes = "200 GB"; streams = 8; block = "1 MiB"
///   core_rate = "1.5 GB/s"; workers = 4      # what one core goes through in a second, and how many the query may use
///   spill = 0.2                              # bytes of intermediate results per byte read: written, and read again
///   start = "5 min"; every = "30 min"; memory, ionice, enabled
[[nodiscard]] ServiceKind read_scan(TableReader& table, const ServicePlace& place);

}  // namespace labtwin
