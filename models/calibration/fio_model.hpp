#pragma once

// One sweep over depth and jobs: its fit, and what follows for any loop along it.

#include <array>
#include <span>
#include <vector>

#include "models/calibration/class_prior.hpp"
#include "models/calibration/departure.hpp"
#include "models/calibration/fio_row.hpp"
#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// One sweep: curve, overhead and tails, with the discrepancy that its intervals need.
struct SweepModel {
  CurveFit curve;
  Departure departure;  ///< of the rate
  /// How far runs of one loop lie from the one in the middle: half-width of the 90 % interval of the log rate. 0 if too few
  /// were repeated.
  double run_scatter = 0.0;
  LoopOverhead overhead;
  TailProcess half_latency;  ///< log latency of this half of a mix over that of the whole loop
  std::array<TailProcess, kNumQuantiles> tail;
  ClassTails class_tail{};
  Discrepancy discrepancy;
  std::size_t num_fit_rows = 0;
  double deepest = 1e9;  ///< depth up to which tails were fitted
};

/// Figures of one loop.
struct LoopEstimate {
  Estimate iops;
  Estimate latency_us;
  std::array<Estimate, kNumQuantiles> quantile_us;
};
[[nodiscard]] LoopEstimate estimate(const SweepModel& model, const SweepKey& key, const LoopPoint& point);
/// Where the tails of a loop are taken from. Beyond the deepest fitted loop further jobs add queues that are served unevenly,
/// not depth: quantiles stay in proportion to the mean.
[[nodiscard]] TailPoint tail_point(const SweepModel& model, const LoopPoint& point);
/// The floor of TailScale there.
[[nodiscard]] Seconds floor_at(const SweepModel& model, const TailPoint& point);

/// What is known of a sweep that was not measured: its class.
[[nodiscard]] SweepModel of_class(const ClassPrior& prior, const CurvePrior& curve);

[[nodiscard]] SweepModel fit_sweep(const std::vector<const FioRow*>& fit_rows, const SweepKey& key, const ClassPrior& prior,
                                   const Prior& log_host_iops);

}  // namespace labtwin::calibration
