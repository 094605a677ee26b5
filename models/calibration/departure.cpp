#include "models/calibration/departure.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "models/calibration/median.hpp"

namespace labtwin::calibration {
namespace {

using LogLoop = Departure::LogLoop;

constexpr double kReach = 6.0;        // in ln N and ln jobs
constexpr double kNoise = 0.05;       // variance of one run over that of the process
constexpr double kOfAnyJobs = 0.8;    // share of the process that all numbers of jobs have in common
constexpr double kReachOfJobs = 2.0;  // of the rest, in ln jobs

double correlation(double a, double b) {
  return std::exp(-std::abs(a - b) / kReach);
}

double correlation(const LogLoop& a, const LogLoop& b) {
  const double of_jobs = std::exp(-std::abs(a.jobs - b.jobs) / kReachOfJobs);
  return correlation(a.depth, b.depth) * (kOfAnyJobs + (1.0 - kOfAnyJobs) * of_jobs);
}

}  // namespace

Departure::Departure(std::span<const LoopResidual> residuals) {
  // The median of the runs at one depth, the faster of the two in the middle: a drive in another state (its write cache off,
  // its spare blocks spent) is no scatter, and states that disturb a run slow it down.
  std::map<std::pair<double, double>, std::vector<double>> runs;
  for (const LoopResidual& r : residuals) {
    runs[{std::log(r.point.num_in_flight), std::log(r.point.num_jobs)}].push_back(r.log_residual);
  }
  const auto n = static_cast<Eigen::Index>(runs.size());
  Eigen::VectorXd observed(n);
  Eigen::VectorXd noise(n);
  for (const auto& [loop, of_loop] : runs) {
    const auto i = static_cast<Eigen::Index>(loops_.size());
    observed[i] = median(of_loop);
    noise[i] = kNoise / static_cast<double>(of_loop.size());
    loops_.push_back({loop.first, loop.second});
  }
  Eigen::MatrixXd covariance = noise.asDiagonal();
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      covariance(i, j) += correlation(loops_[static_cast<std::size_t>(i)], loops_[static_cast<std::size_t>(j)]);
    }
  }
  const Eigen::MatrixXd inverse = covariance.ldlt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::VectorXd weights = inverse * observed;
  weights_.assign(weights.begin(), weights.end());
  inverse_.assign(inverse.data(), inverse.data() + inverse.size());
}

Departure::Value Departure::at(const LoopPoint& point) const {
  const LogLoop here{std::log(point.num_in_flight), std::log(point.num_jobs)};
  const std::size_t n = loops_.size();
  std::vector<double> near(n);
  Value value;
  double known = 0.0;
  double near_jobs = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    near[i] = correlation(here, loops_[i]);
    near_jobs = std::max(near_jobs, correlation(here.jobs, loops_[i].jobs));
  }
  for (std::size_t i = 0; i < n; ++i) {
    value.mean += near[i] * weights_[i];
    for (std::size_t j = 0; j < n; ++j) known += near[i] * inverse_[i * n + j] * near[j];
  }
  value.of_other_jobs = n > 0 && near_jobs < 1.0;
  known *= near_jobs * near_jobs;
  value.unknown_share = (1.0 - known + kNoise) / (1.0 + kNoise);
  return value;
}

}  // namespace labtwin::calibration
