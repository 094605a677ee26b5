#pragma once

// The closed form of a drive under a fixed number of outstanding I/Os, with what limits it: latency, the drive, the host.

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/levenberg_marquardt.hpp"

namespace labtwin::calibration {

/// Law:    X(N) = 1 / ||1/X_drive(N), 1/X_host||_16,
///         X_drive(N) = 1 / ||latency_floor / (min(N, slots)^a jobs^(r (1 - a))), N^fade / drive_iops||_knee with
///         a = depth_exponent and r = queue_relief, X_host = host_iops jobs / (1 + 0.023 (jobs - 1)); mean latency of the loop
///         is N / X(N).
/// Inputs: N = queue depth x jobs >= 1; jobs >= 1.
/// Valid:  one class of I/O, steady state. depth_exponent is 1 where I/Os do not hinder each other below saturation, 0.1-0.2
///         for a spinning disk that reorders its queue, between for arrays and drives whose power management or placement
///         interferes; fade > 0 where the rate falls again beyond saturation.
/// Source: 269 fio sweeps of 31 devices. The drive's own knee is soft (1.3 for flash reads), the host's CPU limit is hard: the
///         same drive saturates at 383,000 I/Os per second under io_uring on one core and at 783,000 under SPDK. Ten jobs on
///         ten cores reach 8.0 times the host limit of one, four reach 3.7 times (eight drives beneath them): locks, caches
///         and clocks that the cores share.
/// Error:  see tests/validation, set fio_depths.
struct DepthCurve {
  Seconds latency_floor;  ///< latency at depth 1
  PerSecond drive_iops;   ///< the drive's saturated rate
  double knee = 2.0;      ///< sharpness of the drive's saturation, >= 1
  PerSecond host_iops;    ///< I/Os that one job on one core can submit and complete
  double depth_exponent = 1.0;
  double fade = 0.0;
  double slots = 1e9;  ///< depth beyond which the drive sees no more (32 for SATA's command queue on a disk)
  /// Where I/Os hinder each other (depth_exponent below 1): the share of that hindrance that lies in their job's own queue, so
  /// that I/Os of another job are free of it. 0 where all of it lies in the medium.
  double queue_relief = 0.0;
};

/// Where a loop runs: outstanding I/Os and the jobs that keep them outstanding.
struct LoopPoint {
  double num_in_flight = 1.0;
  double num_jobs = 1.0;
};

struct LoopRate {
  PerSecond iops;
  /// 0 while latency alone limits the rate, 1 when the drive or the host is saturated.
  double saturation = 0.0;
  /// Latency of the medium at this depth while neither it nor the host is saturated.
  Seconds unsaturated_latency;
};
[[nodiscard]] LoopRate loop_rate(const DepthCurve& curve, const LoopPoint& point);

/// A measured loop.
struct LoopMeasurement {
  LoopPoint point;
  PerSecond iops;
};

/// What is known of a curve before it is measured, for the logarithms of floor, drive_iops, knee and host_iops and for
/// depth_exponent and fade as they are, in this order.
inline constexpr std::size_t kNumCurveParameters = 6;
struct CurvePrior {
  std::array<Prior, kNumCurveParameters> parameters;
  double noise_sigma = 0.02;  ///< relative scatter of a measured rate
  double slots = 1e9;
  double queue_relief = 0.0;
};

/// A curve with its uncertainty.
struct CurveFit {
  DepthCurve curve;
  std::array<double, kNumCurveParameters> parameters{};  ///< as in CurvePrior
  std::array<double, kNumCurveParameters * kNumCurveParameters> covariance{};
  bool converged = true;

  /// The standard deviation of log X at a point that comes from the parameters.
  [[nodiscard]] double log_sigma(const LoopPoint& point) const;
};

/// The same fit with its curve rebuilt from changed parameters.
[[nodiscard]] CurveFit with_parameters(CurveFit fit);

/// The prior itself as a fit: what is predicted of a drive that was never measured.
[[nodiscard]] CurveFit unmeasured(const CurvePrior& prior);
[[nodiscard]] CurveFit fit_curve(std::span<const LoopMeasurement> measurements, const CurvePrior& prior);

}  // namespace labtwin::calibration
