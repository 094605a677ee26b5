#include "models/calibration/depth_curve.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::calibration {
namespace {

constexpr double kHostKnee = 16.0;
constexpr double kJobsHinder = 0.023;  // what one more job costs each in host time

// What the class fixes and no fit changes.
struct Fixed {
  double slots;
  double queue_relief;
};

template <class CurveOrPrior>
Fixed fixed_of(const CurveOrPrior& from) {
  return {from.slots, from.queue_relief};
}

// log of (e^(p u) + e^(p v))^(1/p), the larger taken out so that no power overflows.
double log_norm(double u, double v, double p) {
  const double larger = std::max(u, v);
  return larger + std::log1p(std::exp(-p * std::abs(u - v))) / p;
}

struct LogRate {
  double log_iops = 0.0;
  double log_unlimited = 0.0;
};

LogRate log_rate(std::span<const double> parameters, const Fixed& fixed, const LoopPoint& point) {
  const double log_n = std::log(point.num_in_flight);
  const double log_jobs = std::log(point.num_jobs);
  const double relief = fixed.queue_relief * std::max(0.0, 1.0 - parameters[4]);
  const double unlimited = parameters[4] * std::min(log_n, std::log(fixed.slots)) + relief * log_jobs - parameters[0];
  const double saturated = parameters[1] - parameters[5] * log_n;
  // Below 1 the "knee" would lose against both of its limits everywhere.
  const double knee = std::max(1.0, std::exp(std::min(parameters[2], 4.0)));
  const double drive_time = log_norm(-unlimited, -saturated, knee);
  const double host_time = std::log1p(kJobsHinder * (point.num_jobs - 1.0)) - log_jobs - parameters[3];
  return {-log_norm(drive_time, host_time, kHostKnee), unlimited};
}

DepthCurve to_curve(std::span<const double> parameters, const Fixed& fixed) {
  return {.latency_floor = Seconds::from_base(std::exp(parameters[0])),
          .drive_iops = PerSecond::from_base(std::exp(parameters[1])),
          .knee = std::max(1.0, std::exp(std::min(parameters[2], 4.0))),
          .host_iops = PerSecond::from_base(std::exp(parameters[3])),
          .depth_exponent = parameters[4],
          .fade = parameters[5],
          .slots = fixed.slots,
          .queue_relief = fixed.queue_relief};
}

std::array<double, kNumCurveParameters> to_parameters(const DepthCurve& curve) {
  return {std::log(curve.latency_floor.value()),
          std::log(curve.drive_iops.value()),
          std::log(curve.knee),
          std::log(curve.host_iops.value()),
          curve.depth_exponent,
          curve.fade};
}

// The curve has several explanations of few points: the drive saturates, the host does, or I/Os hinder each other on the way
// there. One start for each; the prior decides between them.
std::vector<std::vector<double>> starts(std::span<const LoopMeasurement> measurements, const CurvePrior& prior) {
  const auto shallow = std::min_element(measurements.begin(), measurements.end(), [](const auto& a, const auto& b) {
    return a.point.num_in_flight < b.point.num_in_flight;
  });
  double log_best = 0.0;
  double log_best_per_job = -1e9;
  for (const LoopMeasurement& m : measurements) {
    log_best = std::max(log_best, std::log(m.iops.value()));
    log_best_per_job = std::max(log_best_per_job, std::log(m.iops / PerSecond::from_base(m.point.num_jobs)));
  }
  const auto& p = prior.parameters;
  const double exponent = p[4].mean;
  const double log_n = std::log(std::min(shallow->point.num_in_flight, prior.slots));
  const double floor = exponent * log_n - std::log(shallow->iops.value());
  const double host = std::max(p[3].mean, log_best_per_job + 0.05);
  return {{floor, log_best + 0.05, p[2].mean, host, exponent, 0.0},
          {floor, std::max(p[1].mean, log_best + 0.7), p[2].mean, log_best_per_job + 0.02, exponent, 0.0},
          {floor, log_best + 0.3, p[2].mean, host + 0.3, 0.7 * exponent, 0.0}};
}

CurveFit to_fit(std::span<const double> parameters, std::span<const double> covariance, const Fixed& fixed) {
  CurveFit fit;
  std::copy(parameters.begin(), parameters.end(), fit.parameters.begin());
  std::copy(covariance.begin(), covariance.end(), fit.covariance.begin());
  fit.curve = to_curve(parameters, fixed);
  return fit;
}

}  // namespace

LoopRate loop_rate(const DepthCurve& curve, const LoopPoint& point) {
  const auto parameters = to_parameters(curve);
  const LogRate rate = log_rate(parameters, fixed_of(curve), point);
  return {.iops = PerSecond::from_base(std::exp(rate.log_iops)),
          .saturation = std::clamp(1.0 - std::exp(rate.log_iops - rate.log_unlimited), 0.0, 1.0),
          .unsaturated_latency = Seconds::from_base(point.num_in_flight * std::exp(-rate.log_unlimited))};
}

double CurveFit::log_sigma(const LoopPoint& point) const {
  constexpr double kStep = 1e-4;
  const double at = log_rate(parameters, fixed_of(curve), point).log_iops;
  std::array<double, kNumCurveParameters> slope{};
  for (std::size_t i = 0; i < kNumCurveParameters; ++i) {
    auto shifted = parameters;
    shifted[i] += kStep;
    slope[i] = (log_rate(shifted, fixed_of(curve), point).log_iops - at) / kStep;
  }
  double variance = 0.0;
  for (std::size_t i = 0; i < kNumCurveParameters; ++i) {
    for (std::size_t j = 0; j < kNumCurveParameters; ++j) {
      variance += slope[i] * slope[j] * covariance[i * kNumCurveParameters + j];
    }
  }
  return std::sqrt(std::max(0.0, variance));
}

CurveFit with_parameters(CurveFit fit) {
  fit.curve = to_curve(fit.parameters, fixed_of(fit.curve));
  return fit;
}

CurveFit unmeasured(const CurvePrior& prior) {
  CurveFit fit;
  for (std::size_t i = 0; i < kNumCurveParameters; ++i) {
    fit.parameters[i] = prior.parameters[i].mean;
    fit.covariance[i * kNumCurveParameters + i] = prior.parameters[i].sigma * prior.parameters[i].sigma;
  }
  fit.curve = to_curve(fit.parameters, fixed_of(prior));
  return fit;
}

CurveFit fit_curve(std::span<const LoopMeasurement> measurements, const CurvePrior& prior) {
  if (measurements.empty()) return unmeasured(prior);
  const Fixed fixed = fixed_of(prior);
  std::vector<double> observations;
  for (const LoopMeasurement& m : measurements) observations.push_back(std::log(m.iops.value()));
  const LeastSquaresProblem problem{.predict =
                                        [&](std::span<const double> parameters, std::span<double> predictions) {
                                          for (std::size_t i = 0; i < measurements.size(); ++i) {
                                            predictions[i] = log_rate(parameters, fixed, measurements[i].point).log_iops;
                                          }
                                        },
                                    .observations = observations,
                                    .noise_sigma = prior.noise_sigma,
                                    .priors = prior.parameters};
  const LeastSquaresFit fit = fit_least_squares(problem, starts(measurements, prior));
  CurveFit result = to_fit(fit.parameters, fit.covariance, fixed);
  result.converged = fit.converged;
  return result;
}

}  // namespace labtwin::calibration
