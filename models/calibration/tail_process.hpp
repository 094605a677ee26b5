#pragma once

// How far the quantiles of latency lie from its mean, along a depth sweep.

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::calibration {

/// The quantiles that fio reports and the project predicts: p50, p95, p99, p99.9.
inline constexpr std::size_t kNumQuantiles = 4;

/// Latency of a loop against which a quantile is seen.
struct TailScale {
  Seconds mean;   ///< latency of the loop
  Seconds floor;  ///< latency of the medium at that depth, nothing saturated: of flash that of depth 1, of a disk in proportion
                  ///< to N
};

/// Law:    excess = arsinh((quantile - mean) / (0.3 floor)): a quantile's distance from the mean in times of the drive itself,
///         logarithmic where it is long, linear where it is short or negative. What waits in the queue of a saturated drive or
///         host moves mean and quantile alike, so the distance, not the ratio, stays as the queue grows.
/// Inputs: mean and floor > 0. A quantile is never below 2 % of the mean.
/// Valid:  completions of one class in steady state.
/// Source: sweeps of writes of 8 to 128 KiB to two NVMe drives: p99 is 4.8 to 1.09 times the mean at depths 1 to 512, and 2.4
///         to 4.3 ms above it at depths 16 to 512. Leaving one fitted depth out inside the fit rows of fio_depths, the median
///         error of p99 is 21 %, with a law of the ratio over saturation and depth 30 %; a scale of 0.04 to 0.3 floors is the
///         same within 1 %.
/// Error:  see tests/validation, set fio_depths.
[[nodiscard]] double tail_excess(Seconds quantile, const TailScale& scale);
[[nodiscard]] Seconds quantile_at(double excess, const TailScale& scale);
/// The half-width of the interval of a quantile's logarithm that one of its excess makes, on the long side.
[[nodiscard]] double log_half_width(double excess, double half_width, const TailScale& scale);

/// Where along a sweep a quantile is asked for.
struct TailPoint {
  double num_in_flight = 1.0;
  double num_jobs = 1.0;
  double slowdown = 1.0;  ///< time of the loop over the floor there, >= 1
};

inline constexpr std::size_t kNumTailCoefficients = 3;
using TailCoefficients = std::array<double, kNumTailCoefficients>;

/// Law:    excess = c0 + c1 (1 - 1 / N) + c2 ln(slowdown): a drive alone with one I/O, I/Os that find others in their way, and
///         queues.
/// Inputs: N >= 1, slowdown >= 1.
/// Valid:  drives of which no quantile was measured.
/// Source: least absolute deviations over the devices of a class, drawn towards all classes. Leaving one device out inside the
///         fit rows of fio_depths, with its measured mean: median error of p99 28 %, of the ratio over saturation and depth
///         31 %.
/// Error:  see tests/validation, set fio_depths.
[[nodiscard]] double class_excess(const TailCoefficients& coefficients, const TailPoint& point);

struct TailMeasurement {
  TailPoint point;
  double excess = 0.0;
  double sigma = 0.0;  ///< scatter of `excess` from run to run
};
[[nodiscard]] TailMeasurement measure_tail(const TailPoint& point, Seconds quantile, const TailScale& scale);

/// The excess of one quantile along one sweep, known with noise where it was measured.
/// Law:    over x = ln N a Gaussian process: a level, a step 1 - 1/N where I/Os begin to meet, a drift, and an
///         Ornstein-Uhlenbeck part, of standard deviations 3, 1, 0.2 per unit of x, and 1 with a reach of 6; 0.85 of the last
///         part's variance all numbers of jobs have in common, the rest has a reach of 2 in ln jobs. at() is its conditional
///         mean and variance. Sweeps measured at one depth only have the shape of their class, at a level of
///         their own (standard deviation 1).
/// Inputs: N >= 1. Loops of other numbers of jobs than were measured have the same mean and are less known.
/// Valid:  loops on the measured unit itself.
/// Source: kriging (Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006). Chosen by leaving one fitted
///         depth out inside the fit rows of fio_depths; the error is flat within 5 % over factors of two of each number.
/// Error:  see tests/validation, set fio_depths.
class TailProcess {
 public:
  TailProcess() = default;
  TailProcess(std::span<const TailMeasurement> measurements, const TailCoefficients& of_class);

  struct Value {
    double excess = 0.0;
    double variance = 0.0;  ///< of the excess of one run
  };
  [[nodiscard]] Value at(const TailPoint& point) const;
  /// Whether anything was measured.
  [[nodiscard]] bool measured() const noexcept { return !points_.empty(); }

 private:
  [[nodiscard]] double prior_mean(const TailPoint& point) const;
  [[nodiscard]] double covariance(const TailPoint& a, const TailPoint& b) const;

  TailCoefficients of_class_{};
  bool has_shape_ = false;  ///< of its own, from several depths
  std::vector<TailPoint> points_;
  std::vector<double> weights_;  // of the mean
  std::vector<double> inverse_;  // of the covariance of what was measured, row by row
};

}  // namespace labtwin::calibration
