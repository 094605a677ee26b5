#pragma once

// How far the quantiles of latency lie from its mean, along a depth sweep.

#include <array>
#include <cstddef>
#include <span>

#include "models/calibration/depth_curve.hpp"

namespace labtwin::calibration {

/// The quantiles that fio reports and the project predicts: p50, p95, p99, p99.9.
inline constexpr std::size_t kNumQuantiles = 4;

/// Where along a sweep a quantile is asked for.
struct TailPoint {
  double saturation = 0.0;  ///< as in LoopRate
  double num_in_flight = 1.0;
};

inline constexpr std::size_t kNumTailCoefficients = 4;
using TailCoefficients = std::array<double, kNumTailCoefficients>;

/// Law:    log(quantile / mean) = c0 + c1 s + c2 4 s (1 - s) + c3 (ln N - 2) / 4, s the saturation: a level unloaded, another
///         saturated, a bulge at the knee where queues form and empty, and a drift with depth.
/// Inputs: s in [0, 1], N >= 1.
/// Valid:  completions of one class in steady state.
/// Source: least squares on fio percentiles; ridge towards the coefficients of the class.
/// Error:  see tests/validation, set fio_depths.
[[nodiscard]] double log_tail_ratio(const TailCoefficients& coefficients, const TailPoint& point);

struct TailMeasurement {
  TailPoint point;
  double log_ratio = 0.0;
};

/// Coefficients of one quantile of one sweep, drawn towards those of its class.
[[nodiscard]] TailCoefficients fit_tail(std::span<const TailMeasurement> measurements, const TailCoefficients& of_class);

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
