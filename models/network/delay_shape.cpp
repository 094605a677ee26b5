#include "models/network/delay_shape.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

namespace labtwin::network {
namespace {

/// Where the tables end.
constexpr double kFarthest = 4.0;

double pareto(double u) {
  return std::min((std::pow(u, -1.0 / 3.0) - 1.5) * 4.0 / 3.0, kFarthest);
}

// Of the upper tail, as the Pareto's: small u, late packet.
double normal_quantile(double u) {
  return std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * u);
}

}  // namespace

double deviation(DelayShape shape, Variates& variates) {
  switch (shape) {
    case DelayShape::Uniform:
      return 2.0 * variates.next() - 1.0;
    case DelayShape::Pareto:
      return pareto(variates.next());
    case DelayShape::ParetoNormal: {
      const double u = variates.next();
      return std::clamp(0.75 * pareto(u) + 0.25 * normal_quantile(u), -kFarthest, kFarthest);
    }
    case DelayShape::Normal:
      break;
  }
  // Box and Muller.
  const double radius = std::sqrt(-2.0 * std::log(variates.next()));
  return radius * std::cos(2.0 * std::numbers::pi * variates.next());
}

double deviation_of(DelayShape shape) noexcept {
  switch (shape) {
    case DelayShape::Uniform:
      return 0.5773502691896258;
    case DelayShape::Pareto:
      return 0.82;
    case DelayShape::ParetoNormal:
      return 0.834;
    case DelayShape::Normal:
      break;
  }
  return 1.0;
}

}  // namespace labtwin::network
