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

}  // namespace

std::optional<Score> score(std::span<const Prediction* const> predictions) {
  Score result;
  std::vector<double> errors;
  std::vector<double> signed_errors;
  std::size_t num_covered = 0;
  for (const Prediction* prediction : predictions) {
    if (!prediction->measured || *prediction->measured == 0.0) continue;
    ++result.num_rows;
    if (!prediction->estimate) {
      ++result.num_missing;
      errors.push_back(100.0);
      continue;
    }
    const double error = 100.0 * (prediction->estimate->value / *prediction->measured - 1.0);
    signed_errors.push_back(error);
    errors.push_back(std::abs(error));
    if (prediction->estimate->low <= *prediction->measured && *prediction->measured <= prediction->estimate->high)
      ++num_covered;
  }
  if (errors.empty()) return std::nullopt;
  std::sort(errors.begin(), errors.end());
  std::sort(signed_errors.begin(), signed_errors.end());
  result.median_ape_pct = median(errors);
  result.p90_ape_pct = errors[std::min(errors.size() - 1, errors.size() * 9 / 10)];
  if (!signed_errors.empty()) {
    result.bias_pct = median(signed_errors);
    result.coverage_pct = 100.0 * static_cast<double>(num_covered) / static_cast<double>(signed_errors.size());
  }
  return result;
}

}  // namespace labtwin::calibration
