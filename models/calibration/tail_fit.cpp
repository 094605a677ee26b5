#include "models/calibration/tail_fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace labtwin::calibration {
namespace {

// Scatter of one measured ratio over what a sweep's coefficients depart from those of its class, squared. Chosen, up to a
// common factor, by leaving one fitted depth out inside the fit rows of fio_depths: mean log error of p50, p95, p99 19, 26, 29
// %, flat within 5 % from a third to thirty times these.
constexpr TailCoefficients kRidge = {0.03, 0.3, 0.6, 0.6};

constexpr double kScatter = 0.01;           // of latency X / N
constexpr double kLostSigma = 0.01;         // across devices
constexpr double kTurnaroundSigmaS = 2e-6;  // across devices and engines

TailCoefficients basis(const TailPoint& point) {
  const double s = std::clamp(point.saturation, 0.0, 1.0);
  return {1.0, s, 4.0 * s * (1.0 - s), (std::log(point.num_in_flight) - 2.0) / 4.0};
}

}  // namespace

double log_tail_ratio(const TailCoefficients& coefficients, const TailPoint& point) {
  const TailCoefficients b = basis(point);
  double sum = 0.0;
  for (std::size_t i = 0; i < kNumTailCoefficients; ++i) sum += coefficients[i] * b[i];
  return sum;
}

TailCoefficients fit_tail(std::span<const TailMeasurement> measurements, const TailCoefficients& of_class) {
  constexpr int kN = static_cast<int>(kNumTailCoefficients);
  Eigen::Matrix<double, kN, kN> normal = Eigen::Matrix<double, kN, kN>::Zero();
  Eigen::Matrix<double, kN, 1> right = Eigen::Matrix<double, kN, 1>::Zero();
  for (const TailMeasurement& m : measurements) {
    const TailCoefficients b = basis(m.point);
    const Eigen::Map<const Eigen::Matrix<double, kN, 1>> row(b.data());
    normal += row * row.transpose();
    right += row * (m.log_ratio - log_tail_ratio(of_class, m.point));
  }
  for (int i = 0; i < kN; ++i) normal(i, i) += kRidge[static_cast<std::size_t>(i)];
  const Eigen::Matrix<double, kN, 1> departure = normal.ldlt().solve(right);
  TailCoefficients result = of_class;
  for (int i = 0; i < kN; ++i) result[static_cast<std::size_t>(i)] += departure[i];
  return result;
}

LoopOverhead fit_overhead(std::span<const OverheadMeasurement> measurements, const LoopOverhead& of_class) {
  // Minimise sum ((1 - k) - z / T - L / T)^2 / scatter^2 with normal priors on k and z.
  Eigen::Matrix2d normal =
      Eigen::Vector2d(1.0 / (kLostSigma * kLostSigma), 1.0 / (kTurnaroundSigmaS * kTurnaroundSigmaS)).asDiagonal();
  Eigen::Vector2d right = normal * Eigen::Vector2d(of_class.lost_fraction, of_class.turnaround.value());
  for (const OverheadMeasurement& m : measurements) {
    const Eigen::Vector2d row(1.0, 1.0 / m.loop_time.value());
    normal += row * row.transpose() / (kScatter * kScatter);
    right += row * (1.0 - m.latency / m.loop_time) / (kScatter * kScatter);
  }
  const Eigen::Vector2d solution = normal.ldlt().solve(right);
  return {std::clamp(solution[0], 0.0, 0.2), Seconds::from_base(std::max(0.0, solution[1]))};
}

Seconds reported_latency(const LoopOverhead& overhead, Seconds loop_time) {
  // The overhead never takes more than a third of a loop, however short: measured shares are below 15 %.
  return std::max(loop_time * (1.0 - overhead.lost_fraction) - overhead.turnaround, loop_time * 0.67);
}

}  // namespace labtwin::calibration
