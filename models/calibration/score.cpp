#include "models/calibration/score.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

// Of sorted values; the mean of the two in the middle where their number is even.
double median(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
}

// The smallest that nine in ten do not exceed. Of sorted values.
double quantile90(const std::vector<double>& sorted) {
  return sorted[std::min(sorted.size() - 1, sorted.size() * 9 / 10)];
}

bool is_scored(const Prediction& prediction) {
  return prediction.measured && (*prediction.measured != 0.0 || is_scored_in_points(prediction.quantity));
}

double error_of(double predicted, const Prediction& prediction) {
  const double measured = *prediction.measured;
  return 100.0 * (is_scored_in_points(prediction.quantity) ? predicted - measured : predicted / measured - 1.0);
}

}  // namespace

bool is_scored_in_points(std::string_view quantity) noexcept {
  return quantity.ends_with("_frac");
}

std::optional<Score> score(std::span<const Prediction* const> predictions) {
  Score result;
  std::vector<double> errors;
  std::vector<double> signed_errors;
  std::size_t num_covered = 0;
  for (const Prediction* prediction : predictions) {
    if (!is_scored(*prediction)) continue;
    ++result.num_rows;
    if (!prediction->estimate) {
      ++result.num_missing;
      errors.push_back(100.0);
      continue;
    }
    const double error = error_of(prediction->estimate->value, *prediction);
    signed_errors.push_back(error);
    errors.push_back(std::abs(error));
    if (prediction->estimate->low <= *prediction->measured && *prediction->measured <= prediction->estimate->high)
      ++num_covered;
  }
  if (errors.empty()) return std::nullopt;
  std::sort(errors.begin(), errors.end());
  std::sort(signed_errors.begin(), signed_errors.end());
  result.median_ape_pct = median(errors);
  result.p90_ape_pct = quantile90(errors);
  if (!signed_errors.empty()) {
    result.bias_pct = median(signed_errors);
    result.coverage_pct = 100.0 * static_cast<double>(num_covered) / static_cast<double>(signed_errors.size());
  }
  return result;
}

std::optional<Verdicts> count_verdicts(std::string_view quantity, std::span<const Prediction* const> predictions) {
  if (quantity != "outcome") return std::nullopt;
  Verdicts verdicts;
  for (const Prediction* prediction : predictions) {
    if (!prediction->measured) continue;
    ++verdicts.num_rows;
    if (!prediction->estimate) continue;
    const bool is_right = prediction->estimate->value == *prediction->measured;
    const bool is_sure = prediction->estimate->low == prediction->estimate->high;
    verdicts.num_right += is_right ? 1 : 0;
    verdicts.num_sure += is_sure ? 1 : 0;
    verdicts.num_sure_right += is_right && is_sure ? 1 : 0;
  }
  return verdicts.num_rows > 0 ? std::optional(verdicts) : std::nullopt;
}

std::optional<BandScore> score_bands(std::span<const Prediction* const> predictions) {
  std::vector<double> distances;
  for (const Prediction* prediction : predictions) {
    if (prediction->band_distance_pct) distances.push_back(*prediction->band_distance_pct);
  }
  if (distances.empty()) return std::nullopt;
  std::sort(distances.begin(), distances.end());
  return BandScore{distances.size(), median(distances), quantile90(distances)};
}

bool is_of_group(std::string_view group, std::string_view asked) noexcept {
  return asked.empty() || group == asked || (group.starts_with(asked) && group.substr(asked.size()).starts_with(": "));
}

std::optional<Comparison> compare_with_line(std::span<const Prediction* const> predictions) {
  std::vector<double> of_law;
  std::vector<double> of_line;
  for (const Prediction* prediction : predictions) {
    if (!is_scored(*prediction) || !prediction->estimate || !prediction->interpolated) continue;
    of_law.push_back(std::abs(error_of(prediction->estimate->value, *prediction)));
    of_line.push_back(std::abs(error_of(*prediction->interpolated, *prediction)));
  }
  if (of_law.empty()) return std::nullopt;
  std::sort(of_law.begin(), of_law.end());
  std::sort(of_line.begin(), of_line.end());
  return Comparison{of_law.size(), median(of_law), quantile90(of_law), median(of_line), quantile90(of_line)};
}

}  // namespace labtwin::calibration
