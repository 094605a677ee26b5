#include "models/serving/power_limit.hpp"

#include <cmath>

namespace labtwin::serving {
namespace {

constexpr double kSharpness = 8.0;
constexpr double kKnee = 0.75;
constexpr double kKneeSigma = 0.13;
constexpr double kSlope = 1.3;
constexpr double kSlopeSigma = 0.45;

}  // namespace

double log_limited_share(double limit_over_knee, double slope) {
  return -std::log1p(std::exp(-kSharpness * slope * std::log(limit_over_knee))) / kSharpness;
}

LimitedSpeed limited_speed(Watts limit, Watts board_power) {
  const double over_knee = limit / (board_power * kKnee);
  const double middle = log_limited_share(over_knee, kSlope);
  // One standard deviation of each to the slower side.
  const double by_knee = log_limited_share(over_knee / std::exp(kKneeSigma), kSlope) - middle;
  const double by_slope = log_limited_share(over_knee, kSlope + kSlopeSigma) - middle;
  return {.share = std::exp(middle), .sigma = std::hypot(by_knee, by_slope)};
}

}  // namespace labtwin::serving
