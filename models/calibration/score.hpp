#pragma once

// How good predictions were, for rows that were not fitted on.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Whether errors of a quantity are differences in points: of shares, which are often 0 (`loss_frac`).
[[nodiscard]] bool is_scored_in_points(std::string_view quantity) noexcept;

/// Over the predictions that have a measured value, other than 0 unless scored in points. One without an estimate counts as 100
/// %, or 100 points, wrong.
struct Score {
  std::size_t num_rows = 0;     ///< with a measured value
  std::size_t num_missing = 0;  ///< of those, without an estimate
  double bias_pct = 0.0;        ///< median of (predicted / measured - 1), or of predicted - measured in points
  double median_ape_pct = 0.0;  ///< absolute percentage error, or absolute error in points
  double p90_ape_pct = 0.0;     ///< smallest error that 90 % of the rows do not exceed
  double coverage_pct = 0.0;    ///< share of measured values inside the 90 % interval
};

/// Of a quantity that is 1 or 0 (`outcome`: loads or does not): how many predictions are right, of all and of those that are
/// sure, whose interval does not hold the other verdict.
struct Verdicts {
  std::size_t num_rows = 0;
  std::size_t num_right = 0;
  std::size_t num_sure = 0;
  std::size_t num_sure_right = 0;
};

/// Nothing if the quantity is no verdict or none is measured.
[[nodiscard]] std::optional<Verdicts> count_verdicts(std::string_view quantity, std::span<const Prediction* const> predictions);

/// Nothing if no prediction has a measured value.
[[nodiscard]] std::optional<Score> score(std::span<const Prediction* const> predictions);

/// Distances to the band of chance, over the predictions that have one.
struct BandScore {
  std::size_t num_rows = 0;
  double median_pct = 0.0;
  double p90_pct = 0.0;
};

/// Nothing if no prediction has one.
[[nodiscard]] std::optional<BandScore> score_bands(std::span<const Prediction* const> predictions);

/// Whether the predictions of a group, `a: b`, count for what is asked for: `a: b`, `a`, or all where nothing is.
[[nodiscard]] bool is_of_group(std::string_view group, std::string_view asked) noexcept;

/// A law beside the line between the fitted points, over the predictions that have a measured value and both.
struct Comparison {
  std::size_t num_rows = 0;
  double law_median_ape_pct = 0.0;
  double law_p90_ape_pct = 0.0;
  double line_median_ape_pct = 0.0;
  double line_p90_ape_pct = 0.0;
};

/// Nothing if no prediction has both.
[[nodiscard]] std::optional<Comparison> compare_with_line(std::span<const Prediction* const> predictions);

}  // namespace labtwin::calibration
