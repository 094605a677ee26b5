#include "models/storage/drive_law.hpp"

#include <algorithm>

namespace labtwin::storage {

ClosedLoop closed_loop(const DriveLaw& law, const IoClass& io, double num_in_flight) {
  const Seconds backlog = law.work(io) * num_in_flight;
  const Seconds latency = law.mean_latency(io, {.backlog = backlog, .num_in_flight = num_in_flight});
  return {.iops = num_in_flight / latency, .mean_latency = latency, .utilization = std::min(1.0, backlog / latency)};
}

MixedLoop mixed_loop(const DriveLaw& law, const IoMix& mix, double num_in_flight) {
  // The share of reads among the I/Os in flight, by bisection: more reads in flight than their latency accounts for, or fewer.
  double low = 0.0;
  double high = 1.0;
  MixedLoop loop;
  for (int i = 0; i < 40; ++i) {
    const double share = 0.5 * (low + high);
    const Seconds backlog = num_in_flight * (share * law.work(mix.read) + (1.0 - share) * law.work(mix.write));
    const DriveLoad load{.backlog = backlog, .num_in_flight = num_in_flight};
    loop.read_latency = law.mean_latency(mix.read, load);
    loop.write_latency = law.mean_latency(mix.write, load);
    const Seconds latency = mix.read_fraction * loop.read_latency + (1.0 - mix.read_fraction) * loop.write_latency;
    loop.iops = num_in_flight / latency;
    loop.utilization = std::min(1.0, backlog / latency);
    (share * latency > mix.read_fraction * loop.read_latency ? high : low) = share;
  }
  return loop;
}

}  // namespace labtwin::storage
