#include "models/calibration/loop_overhead.hpp"

#include <Eigen/Dense>
#include <algorithm>

namespace labtwin::calibration {
namespace {

constexpr double kScatter = 0.01;           // of latency X / N
constexpr double kLostSigma = 0.01;         // across devices
constexpr double kTurnaroundSigmaS = 2e-6;  // across devices and engines

}  // namespace

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
