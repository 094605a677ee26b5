#include "models/storage/tail_shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include <utility>

namespace labtwin::storage {
namespace {

constexpr std::size_t kKnots = 4;
constexpr std::array<double, kKnots> kSurvival = {0.5, 0.05, 0.01, 0.001};
// -ln of the survival probabilities.
constexpr std::array<double, kKnots> kExponent = {0.693147180559945, 2.995732273553991, 4.605170185988091, 6.907755278982137};

// The mean of the function above the median is linear in the ratios. A segment from (e0, q0) to (e1, q1) contributes
// q0 S0 - q1 S1 + s (S0 - S1) with slope s = (q1 - q0) / (e1 - e0) and S = exp(-e); the tail beyond the last knot contributes
// q S + s S.
constexpr std::array<double, kKnots> mean_weights() {
  std::array<double, kKnots> weights{};
  for (std::size_t i = 0; i + 1 < kKnots; ++i) {
    const double slope_weight = (kSurvival[i] - kSurvival[i + 1]) / (kExponent[i + 1] - kExponent[i]);
    weights[i] += kSurvival[i] - slope_weight;
    weights[i + 1] += slope_weight - kSurvival[i + 1];
  }
  const double tail_slope_weight = kSurvival.back() / (kExponent[kKnots - 1] - kExponent[kKnots - 2]);
  weights[kKnots - 1] += kSurvival.back() + tail_slope_weight;
  weights[kKnots - 2] -= tail_slope_weight;
  return weights;
}
constexpr std::array<double, kKnots> kMeanWeights = mean_weights();

double interpolate(double a, double b, double fraction) {
  return a + (b - a) * fraction;
}

}  // namespace

double tail_quantile(const TailShape& shape, double u) {
  const std::array<double, kKnots> ratios = {shape.p50_ratio, shape.p95_ratio, shape.p99_ratio, shape.p999_ratio};
  double mean_above = 0.0;
  for (std::size_t i = 0; i < kKnots; ++i) mean_above += kMeanWeights[i] * ratios[i];
  // Below the median the mean is (lowest + p50) / 4.
  const double wanted = 4.0 * (1.0 - mean_above) - ratios[0];
  const double lowest = std::clamp(wanted, 0.0, ratios[0]);
  const double scale = 1.0 / (mean_above + 0.25 * (lowest + ratios[0]));
  if (u <= 0.5) return scale * interpolate(lowest, ratios[0], 2.0 * u);
  const double exponent = -std::log1p(-u);
  std::size_t i = 0;
  while (i + 2 < kKnots && exponent > kExponent[i + 1]) ++i;
  const double fraction = (exponent - kExponent[i]) / (kExponent[i + 1] - kExponent[i]);
  return scale * interpolate(ratios[i], ratios[i + 1], fraction);
}

TailCurve::TailCurve(std::vector<Knot> knots) : knots_(std::move(knots)) {
  std::sort(knots_.begin(), knots_.end(), [](const Knot& a, const Knot& b) { return a.utilization < b.utilization; });
}

TailShape TailCurve::at(double utilization) const {
  if (knots_.empty()) return {};
  const auto above = std::find_if(knots_.begin(), knots_.end(), [&](const Knot& k) { return k.utilization > utilization; });
  if (above == knots_.begin()) return above->shape;
  const Knot& low = *(above - 1);
  if (above == knots_.end()) return low.shape;
  const double f = (utilization - low.utilization) / (above->utilization - low.utilization);
  return {interpolate(low.shape.p50_ratio, above->shape.p50_ratio, f),
          interpolate(low.shape.p95_ratio, above->shape.p95_ratio, f),
          interpolate(low.shape.p99_ratio, above->shape.p99_ratio, f),
          interpolate(low.shape.p999_ratio, above->shape.p999_ratio, f)};
}

}  // namespace labtwin::storage
