#pragma once

// What a neighbour on the same drive does to the latency of a foreground, in closed form.
//
// Why not by the simulated drive: its one backlog cannot have both what shallow and what deep queues show. Of the fit rows of
// reads beside writes on zns-a the closed form misses IOPS by 1 % on average; storage::Drive, with the flush rate and the
// weight of writes that suit those rows best, by 13 % (4 % up to depth 8, 23-35 % from depth 64 on). A write takes a few dies
// at a time, and of a deep queue ever more reads stand behind just these: 50 MB/s take 26 % of the reads at depth 256, 7 % at
// depth 1. tests/validation holds the simulated drive to this law, within 12 % up to depth 4.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::calibration {

/// A background that gets this share of what it asks for is not held back by the drive.
inline constexpr double kReached = 0.95;

/// The mean and the four quantiles, in the order of the columns.
inline constexpr std::size_t kNumLatencyFigures = 5;

/// Foreground loop and background stream of one row.
struct InterferencePoint {
  double num_in_flight = 1.0;        ///< foreground depth x jobs; 1 where it is open loop
  double background_mb_per_s = 0.0;  ///< what the background asks for, or achieves where it asks for all it can get
};

struct InterferenceMeasurement {
  InterferencePoint point;
  std::optional<double> iops;
  std::optional<double> achieved_mb_per_s;
  std::array<std::optional<double>, kNumLatencyFigures> latency_us;
};

/// A figure and the standard deviation of its logarithm.
struct LogEstimate {
  double value = 0.0;
  double sigma = 0.3;
};

/// What a law leaves unexplained of log X among the points that were measured.
/// Law:    over ln N and ln(1 + W / 10) a process of covariance s^2 exp(-(distance in one + distance in the other) / 6), s^2
///         the mean square of the residuals, seen with noise of variance 0.05 s^2.
/// Valid:  the unit that was measured, between and near its points; far from them it is 0 and as uncertain as s.
/// Source: as Departure, which has one dimension. Leaving one rate out inside the closed loops of the fit rows of
///         interference_rates.csv: median error of IOPS 3.5 %, 90th percentile 22 %. Reaches of 3 to 12 and noises of 0.02 to
///         0.1 are alike.
class InterferenceDeparture {
 public:
  InterferenceDeparture() = default;
  InterferenceDeparture(std::vector<InterferencePoint> points, const std::vector<double>& log_residuals);

  struct Value {
    double mean = 0.0;
    double sigma = 0.0;
  };
  [[nodiscard]] Value at(const InterferencePoint& point) const;

 private:
  std::vector<InterferencePoint> points_;
  std::vector<double> weights_;  // of the mean
  std::vector<double> inverse_;  // of the correlation of what was measured, row by row
  double scatter_ = 0.0;
};

/// Law:    foreground that keeps N I/Os outstanding beside a stream of W MB/s:
///         X = ||L0 (1 + a (W/100)^b) / N, (1 + c ln(1 + W/Wc)) / X0||_p^-1: the stream lengthens every I/O (collisions)
///         and takes capacity, each further write less of it (batches); what that leaves of a unit is an InterferenceDeparture;
///         mean latency = N / X; quantile / mean by a ridge in saturation, depth, W.
/// Inputs: N >= 1, W >= 0.
/// Valid:  W below what the drive sustains.
/// Source: stonet-research NVMeBenchmarks, 4 KiB reads beside 128 KiB writes. With a power of W for the capacity taken, a rate
///         left out inside the fit rows is missed by 5.1 % (median of IOPS) and 29 % (90th percentile).
/// Error:  held-out rates of interference_rates.csv, see tests/validation.
class ClosedLoopInterference {
 public:
  explicit ClosedLoopInterference(std::span<const InterferenceMeasurement> measurements);

  [[nodiscard]] LogEstimate iops(const InterferencePoint& point) const;
  [[nodiscard]] LogEstimate latency_us(const InterferencePoint& point, std::size_t figure) const;
  /// L0, X0, knee, a, b, c, Wc and their standard deviations (of the logarithm for all but b).
  using Parameters = std::array<double, 7>;
  [[nodiscard]] const Parameters& parameters() const noexcept { return parameters_; }
  [[nodiscard]] const Parameters& sigmas() const noexcept { return sigmas_; }

 private:
  using Features = std::array<double, 7>;
  [[nodiscard]] Features features(const InterferencePoint& point) const;
  [[nodiscard]] double log_rate(const InterferencePoint& point) const;
  [[nodiscard]] double rate_sigma(const InterferencePoint& point) const;
  void fit_ratios(std::span<const InterferenceMeasurement> measurements);

  Parameters parameters_{};
  Parameters sigmas_{};
  std::array<Features, kNumLatencyFigures> ratio_{};  // zero where nothing was measured: the figure is the mean
  std::array<double, kNumLatencyFigures> scatter_{};
  InterferenceDeparture departure_;
};

/// Law:    foreground of a fixed small rate beside a stream of W MB/s, a load rho = W / sustained on the drive:
///         figure = A + B (W0/100) (1 - e^(-W/W0)) + C rho^7.1 / (1 - rho) while rho < 1: collisions, each read's chance to
///         meet a program under way, and the queue of a drive of many parallel units (Sakasegawa's approximation of M/M/32); a
///         level of its own once the stream asks for more and its queue stands
///         before every foreground I/O.
/// Inputs: W >= 0.
/// Valid:  foreground rates far below the drive's own limit.
/// Source: SSD-iq loaded latencies (Poisson writes beside 5,000 reads per second). A power of W instead of the chance misses
///         its own fitted rows by 22 % at the 90th percentile, this law by 2 %; with one fitted rate left out the mean is the
///         same within 2 %, p99 better by a fifth.
/// Error:  held-out rates of interference_rates.csv, see tests/validation.
class OpenLoopInterference {
 public:
  explicit OpenLoopInterference(std::span<const InterferenceMeasurement> measurements);

  /// Nothing where the stream exceeds what the drive sustains and no such row was fitted.
  [[nodiscard]] std::optional<LogEstimate> latency_us(const InterferencePoint& point, std::size_t figure) const;
  [[nodiscard]] bool saturated(const InterferencePoint& point) const;
  /// Share of what the stream asks for that it gets: at most what the drive sustains, which scatters from run to run as it did
  /// among the fitted rows.
  [[nodiscard]] LogEstimate share_reached(const InterferencePoint& point) const;
  [[nodiscard]] std::optional<double> sustained_mb_per_s() const noexcept { return sustained_; }
  /// log A, log B, log W0 and log C of a figure; empty if no row below saturation was fitted.
  [[nodiscard]] const std::vector<double>& parameters(std::size_t figure) const { return below_.at(figure); }

 private:
  void fit_below(std::size_t figure, const std::vector<double>& loads, std::vector<double> observations);
  [[nodiscard]] double log_below(std::span<const double> parameters, double mb_per_s) const;

  std::optional<double> sustained_;
  double sustained_scatter_ = 0.0;  // of its logarithm
  std::array<std::vector<double>, kNumLatencyFigures> below_;
  std::array<std::optional<double>, kNumLatencyFigures> beyond_;  // log of the saturated level
  std::array<double, kNumLatencyFigures> beyond_scatter_{};
  std::array<double, kNumLatencyFigures> scatter_{};
};

}  // namespace labtwin::calibration
