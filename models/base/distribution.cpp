#include "models/base/distribution.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

/// Boost.Math answers the limit (0 or the largest double) where a result leaves the range of a double.
using MathPolicy = boost::math::policies::policy<boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                                 boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
                                                 boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                                 boost::math::policies::promote_double<false>>;

/// The 90 % quantile of the standard normal distribution.
constexpr double kNormalP90 = 1.2815515655446004;

double normal_quantile(double u) {
  return -std::sqrt(2.0) * boost::math::erfc_inv(2.0 * u, MathPolicy());
}

void require(bool holds, const char* rule) {
  if (!holds) throw ModelError(rule);
}

double interpolate(const std::vector<QuantilePoint>& points, double u) {
  const auto above =
      std::upper_bound(points.begin(), points.end(), u, [](double x, const QuantilePoint& point) { return x < point.u; });
  if (above == points.begin()) return points.front().value;
  if (above == points.end()) return points.back().value;
  const QuantilePoint& low = *(above - 1);
  return low.value + (above->value - low.value) * (u - low.u) / (above->u - low.u);
}

/// Law: the integral of the quantile function over (0, 1); exact by the trapezoidal rule for straight lines.
double empirical_mean(const std::vector<QuantilePoint>& points) {
  double sum = 0.0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    sum += (points[i].u - points[i - 1].u) * (points[i].value + points[i - 1].value) / 2.0;
  }
  return sum;
}

}  // namespace

Distribution Distribution::constant(double value) {
  require(std::isfinite(value), "a constant must be finite");
  return {Kind::Constant, value, 0.0};
}

Distribution Distribution::uniform(double low, double high) {
  require(std::isfinite(low) && std::isfinite(high) && low <= high, "low must not exceed high");
  return {Kind::Uniform, low, high};
}

Distribution Distribution::exponential(double mean) {
  require(std::isfinite(mean) && mean >= 0.0, "mean must be >= 0");
  return {Kind::Exponential, mean, 0.0};
}

Distribution Distribution::lognormal_from_median(double median, double p90) {
  require(std::isfinite(p90) && median > 0.0 && p90 >= median, "p90 must be at least the median, and the median > 0");
  return {Kind::Lognormal, median, std::log(p90 / median) / kNormalP90};
}

Distribution Distribution::lognormal_from_mean(double mean, double cv) {
  require(std::isfinite(mean) && mean > 0.0, "mean must be > 0");
  require(cv >= 0.0 && cv <= 100.0, "cv must be between 0 and 100");
  const double variance = std::log1p(cv * cv);
  return {Kind::Lognormal, mean * std::exp(-variance / 2.0), std::sqrt(variance)};
}

Distribution Distribution::gamma(double mean, double cv) {
  require(std::isfinite(mean) && mean >= 0.0, "mean must be >= 0");
  require(cv > 0.0 && cv <= 100.0, "cv must be > 0 and at most 100");
  return {Kind::Gamma, mean, cv};
}

Distribution Distribution::weibull(double mean, double shape) {
  require(std::isfinite(mean) && mean >= 0.0, "mean must be >= 0");
  require(shape >= 0.1 && shape <= 100.0, "shape must be between 0.1 and 100");
  return {Kind::Weibull, mean, shape};
}

Distribution Distribution::empirical(std::vector<QuantilePoint> points) {
  require(points.size() >= 2, "quantiles need at least two points");
  require(points.front().u == 0.0 && points.back().u == 1.0, "quantiles must start at 0 and end at 1");
  for (std::size_t i = 0; i < points.size(); ++i) {
    require(std::isfinite(points[i].value), "quantiles must be finite");
    require(i == 0 || points[i].u > points[i - 1].u, "the fractions of quantiles must ascend");
    require(i == 0 || points[i].value >= points[i - 1].value, "the values of quantiles must not fall");
  }
  Distribution distribution(Kind::Empirical, 0.0, 0.0);
  distribution.points_ = std::move(points);
  return distribution;
}

double Distribution::quantile(double u) const {
  switch (kind_) {
    case Kind::Constant:
      return first_;
    case Kind::Uniform:
      return first_ + (second_ - first_) * u;
    case Kind::Exponential:
      return -first_ * std::log1p(-u);
    case Kind::Lognormal:
      return first_ * std::exp(second_ * normal_quantile(u));
    case Kind::Gamma: {
      const double shape = 1.0 / (second_ * second_);
      return first_ / shape * boost::math::gamma_p_inv(shape, u, MathPolicy());
    }
    case Kind::Weibull:
      return first_ / std::tgamma(1.0 + 1.0 / second_) * std::pow(-std::log1p(-u), 1.0 / second_);
    case Kind::Empirical:
      return interpolate(points_, u);
  }
  return first_;
}

double Distribution::mean() const {
  switch (kind_) {
    case Kind::Uniform:
      return (first_ + second_) / 2.0;
    case Kind::Lognormal:
      return first_ * std::exp(second_ * second_ / 2.0);
    case Kind::Empirical:
      return empirical_mean(points_);
    case Kind::Constant:
    case Kind::Exponential:
    case Kind::Gamma:
    case Kind::Weibull:
      break;
  }
  return first_;
}

std::string_view Distribution::name() const noexcept {
  switch (kind_) {
    case Kind::Constant:
      return "constant";
    case Kind::Uniform:
      return "uniform";
    case Kind::Exponential:
      return "exponential";
    case Kind::Lognormal:
      return "lognormal";
    case Kind::Gamma:
      return "gamma";
    case Kind::Weibull:
      return "weibull";
    case Kind::Empirical:
      return "empirical";
  }
  return "";
}

std::vector<std::pair<std::string_view, double>> Distribution::parameters() const {
  switch (kind_) {
    case Kind::Constant:
      return {{"value", first_}};
    case Kind::Uniform:
      return {{"low", first_}, {"high", second_}};
    case Kind::Exponential:
      return {{"mean", first_}};
    case Kind::Lognormal:
      return {{"median", first_}, {"p90", first_ * std::exp(second_ * kNormalP90)}};
    case Kind::Gamma:
      return {{"mean", first_}, {"cv", second_}};
    case Kind::Weibull:
      return {{"mean", first_}, {"shape", second_}};
    case Kind::Empirical:
      return {};
  }
  return {};
}

}  // namespace labtwin
