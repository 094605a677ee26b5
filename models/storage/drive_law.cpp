#include "models/storage/drive_law.hpp"

#include <algorithm>

namespace labtwin::storage {

ClosedLoop closed_loop(const DriveLaw& law, const IoClass& io, double num_in_flight) {
  const Seconds backlog = law.work(io) * num_in_flight;
  const Seconds latency = law.mean_latency(io, {.backlog = backlog, .num_in_flight = num_in_flight});
  return {.iops = num_in_flight / latency, .mean_latency = latency, .utilization = std::min(1.0, backlog / latency)};
}

}  // namespace labtwin::storage
