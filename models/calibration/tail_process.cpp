#include "models/calibration/tail_process.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace labtwin::calibration {
namespace {

constexpr double kFloors = 0.3;          // of the scale between linear and logarithmic
constexpr double kLeastQuantile = 0.02;  // of the mean
constexpr double kRunScatter = 0.05;     // of a measured quantile
constexpr double kExcessScatter = 0.05;  // of the excess, beyond that
constexpr double kLevel = 3.0;
constexpr double kLevelInClass = 1.0;
constexpr double kStep = 1.0;
constexpr double kDrift = 0.2;
constexpr double kMiddle = 2.0;       // ln N at which the drift turns
constexpr double kReach = 6.0;        // in ln N, and in ln jobs
constexpr double kOfAnyJobs = 0.85;   // share of the last part that all numbers of jobs have in common
constexpr double kReachOfJobs = 2.0;  // of the rest, in ln jobs

double share_met(double num_in_flight) {
  return 1.0 - 1.0 / num_in_flight;
}

double nearness(double a, double b) {
  return std::exp(-std::abs(std::log(a / b)) / kReach);
}

}  // namespace

double tail_excess(Seconds quantile, const TailScale& scale) {
  return std::asinh((quantile - scale.mean) / (kFloors * scale.floor));
}

Seconds quantile_at(double excess, const TailScale& scale) {
  return std::max(scale.mean + kFloors * scale.floor * std::sinh(excess), scale.mean * kLeastQuantile);
}

double log_half_width(double excess, double half_width, const TailScale& scale) {
  return std::log(quantile_at(excess + half_width, scale) / quantile_at(excess, scale));
}

double class_excess(const TailCoefficients& coefficients, const TailPoint& point) {
  return coefficients[0] + coefficients[1] * share_met(point.num_in_flight) + coefficients[2] * std::log(point.slowdown);
}

TailMeasurement measure_tail(const TailPoint& point, Seconds quantile, const TailScale& scale) {
  // d arsinh(z) = dz / sqrt(1 + z^2).
  const double slope = 1.0 / std::hypot((quantile - scale.mean).value(), kFloors * scale.floor.value());
  return {.point = point,
          .excess = tail_excess(quantile, scale),
          .sigma = std::hypot(kExcessScatter, kRunScatter * quantile.value() * slope)};
}

TailProcess::TailProcess(std::span<const TailMeasurement> measurements, const TailCoefficients& of_class)
    : of_class_(of_class) {
  for (const TailMeasurement& m : measurements) {
    has_shape_ = has_shape_ || m.point.num_in_flight != measurements.front().point.num_in_flight;
    points_.push_back(m.point);
  }
  const auto n = static_cast<Eigen::Index>(measurements.size());
  Eigen::VectorXd observed(n);
  Eigen::MatrixXd covariances(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const TailMeasurement& m = measurements[static_cast<std::size_t>(i)];
    observed[i] = m.excess - prior_mean(m.point);
    for (Eigen::Index j = 0; j < n; ++j) covariances(i, j) = covariance(m.point, points_[static_cast<std::size_t>(j)]);
    covariances(i, i) += m.sigma * m.sigma;
  }
  const Eigen::MatrixXd inverse = covariances.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd weights = inverse * observed;
  weights_.assign(weights.begin(), weights.end());
  inverse_.assign(inverse.data(), inverse.data() + inverse.size());
}

TailProcess::Value TailProcess::at(const TailPoint& point) const {
  const std::size_t n = points_.size();
  std::vector<double> near(n);
  Value value{.excess = prior_mean(point), .variance = covariance(point, point) + kExcessScatter * kExcessScatter};
  double near_jobs = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    near[i] = covariance(point, points_[i]);
    near_jobs = std::max(near_jobs, nearness(point.num_jobs, points_[i].num_jobs));
  }
  double known = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    value.excess += near[i] * weights_[i];
    for (std::size_t j = 0; j < n; ++j) known += near[i] * inverse_[i * n + j] * near[j];
  }
  // What is known of the level is known of any number of jobs; of the rest, less.
  const double beyond_level = 1.0 + kStep * kStep * share_met(point.num_in_flight) * share_met(point.num_in_flight);
  value.variance = std::max(0.0, value.variance - known) + beyond_level * (1.0 - near_jobs * near_jobs);
  return value;
}

double TailProcess::prior_mean(const TailPoint& point) const {
  return has_shape_ ? 0.0 : class_excess(of_class_, point);
}

double TailProcess::covariance(const TailPoint& a, const TailPoint& b) const {
  const double level = has_shape_ ? kLevel : kLevelInClass;
  const double drift_a = kDrift * (std::log(a.num_in_flight) - kMiddle);
  const double drift_b = kDrift * (std::log(b.num_in_flight) - kMiddle);
  const double of_jobs =
      kOfAnyJobs + (1.0 - kOfAnyJobs) * std::exp(-std::abs(std::log(a.num_jobs / b.num_jobs)) / kReachOfJobs);
  return level * level + kStep * kStep * share_met(a.num_in_flight) * share_met(b.num_in_flight) + drift_a * drift_b +
         nearness(a.num_in_flight, b.num_in_flight) * of_jobs;
}

}  // namespace labtwin::calibration
