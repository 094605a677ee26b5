#pragma once

// The time that passes in a loop but not in the latency that it reports.

#include <span>

#include "models/base/units.hpp"

namespace labtwin::calibration {

/// The time per I/O that passes in the loop but not in its reported latency: submission and reaping, and a share that
/// accounting loses. Law: latency = (1 - lost_fraction) N / X - turnaround.
struct LoopOverhead {
  double lost_fraction = 0.0;
  Seconds turnaround;
};
struct OverheadMeasurement {
  Seconds loop_time;  ///< N / X
  Seconds latency;
};
[[nodiscard]] LoopOverhead fit_overhead(std::span<const OverheadMeasurement> measurements, const LoopOverhead& of_class);
[[nodiscard]] Seconds reported_latency(const LoopOverhead& overhead, Seconds loop_time);

}  // namespace labtwin::calibration
