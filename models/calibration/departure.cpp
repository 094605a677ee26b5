#include "models/calibration/departure.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>

#include "models/calibration/median.hpp"

namespace labtwin::calibration {
namespace {

constexpr double kReach = 6.0;   // in ln N and ln jobs
constexpr double kNoise = 0.05;  // variance of one run over that of the process

double correlation(double a, double b) {
  return std::exp(-std::abs(a - b) / kReach);
}

}  // namespace

Departure::Departure(std::span<const LoopResidual> residuals) {
  // The median of the runs at one depth, the faster of the two in the middle: a drive in another state (its write cache off,
  // its spare blocks spent) is no scatter, and states that disturb a run slow it down.
  std::map<double, std::vector<double>> runs;
  for (const LoopResidual& r : residuals) {
    runs[std::log(r.point.num_in_flight)].push_back(r.log_residual);
    log_jobs_.push_back(std::log(r.point.num_jobs));
  }
  const auto n = static_cast<Eigen::Index>(runs.size());
  Eigen::VectorXd observed(n);
  Eigen::VectorXd noise(n);
  for (const auto& [log_depth, of_depth] : runs) {
    const auto i = static_cast<Eigen::Index>(log_depths_.size());
    observed[i] = median(of_depth);
    noise[i] = kNoise / static_cast<double>(of_depth.size());
    log_depths_.push_back(log_depth);
  }
  Eigen::MatrixXd covariance = noise.asDiagonal();
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      covariance(i, j) += correlation(log_depths_[static_cast<std::size_t>(i)], log_depths_[static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::MatrixXd inverse = covariance.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd weights = inverse * observed;
  weights_.assign(weights.begin(), weights.end());
  inverse_.assign(inverse.data(), inverse.data() + inverse.size());
}

Departure::Value Departure::at(const LoopPoint& point) const {
  const double log_depth = std::log(point.num_in_flight);
  const std::size_t n = log_depths_.size();
  std::vector<double> near(n);
  Value value;
  double known = 0.0;
  for (std::size_t i = 0; i < n; ++i) near[i] = correlation(log_depth, log_depths_[i]);
  for (std::size_t i = 0; i < n; ++i) {
    value.mean += near[i] * weights_[i];
    for (std::size_t j = 0; j < n; ++j) known += near[i] * inverse_[i * n + j] * near[j];
  }
  double near_jobs = 0.0;
  for (double measured : log_jobs_) near_jobs = std::max(near_jobs, correlation(std::log(point.num_jobs), measured));
  known *= near_jobs * near_jobs;
  value.unknown_share = (1.0 - known + kNoise) / (1.0 + kNoise);
  return value;
}

}  // namespace labtwin::calibration
