#include "sim/validation/host_fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "sim/validation/replay_pool.hpp"

namespace labtwin::validation {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr std::size_t kMaxRows = 24;
constexpr double kStep = 0.15;
constexpr double kPriorSigma = 0.1;
// Repeats of one cell differ by about this much; residuals beyond it count linearly.
constexpr double kNoise = 0.25;

HostFactors moved(std::size_t factor, double by) {
  HostFactors factors;
  factors.value[factor] = std::exp(by);
  return factors;
}

void scale_reads(storage::QueueDepthClass& c, double factor) {
  c.latency_floor *= factor;
  c.stream_bandwidth /= factor;
  c.bandwidth /= factor;
}

Eigen::Index index(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

}  // namespace

ReplayHost scaled(const ReplayHost& host, const HostFactors& factors) {
  const auto [host_time, read_time, neighbour_weight] = factors.value;
  ReplayHost result = host;
  for (vector::SearchCost* cost : {&result.host.graph, &result.host.inverted_lists}) {
    cost->per_query *= host_time;
    cost->per_round *= host_time;
    cost->per_distance *= host_time;
  }
  result.host.wake_up *= host_time;
  scale_reads(result.drive.random_read, read_time);
  result.limits.interference.write_on_read *= neighbour_weight;
  result.host.job.interruptions.mean_duration *= neighbour_weight;
  result.host.job.starved_interruptions.mean_duration *= neighbour_weight;
  return result;
}

HostFactors fit_host(const ReplayHost& host, const std::vector<MeasuredSearch>& rows, std::size_t num_parallel,
                     const calibration::Progress& progress) {
  std::vector<const MeasuredSearch*> used;
  const std::size_t stride = (rows.size() + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < rows.size(); i += stride) used.push_back(&rows[i]);
  ReplayPlan plan;
  for (const MeasuredSearch* row : used) plan.runs.push_back(row->run);
  plan.hosts.push_back(host);
  for (std::size_t factor = 0; factor < kNumFactors; ++factor) plan.hosts.push_back(scaled(host, moved(factor, kStep)));
  const auto replayed = replay_all(plan, num_parallel, progress);

  const auto logs = [&](std::size_t version, std::size_t row) {
    const ReplayedSearch& r = replayed[version][0][row];
    return std::array<double, 2>{std::log(r.qps), std::log(r.lat_p50_us)};
  };
  Matrix normal = Matrix::Identity(index(kNumFactors), index(kNumFactors)) / (kPriorSigma * kPriorSigma);
  Vector gradient = Vector::Zero(index(kNumFactors));
  for (std::size_t row = 0; row < used.size(); ++row) {
    const std::array<double, 2> measured = {std::log(used[row]->qps), std::log(used[row]->lat_p50_us)};
    const auto base = logs(0, row);
    for (std::size_t quantity = 0; quantity < measured.size(); ++quantity) {
      const double residual = measured[quantity] - base[quantity];
      if (!std::isfinite(residual)) continue;
      Vector slope(index(kNumFactors));
      for (std::size_t factor = 0; factor < kNumFactors; ++factor) {
        slope[index(factor)] = (logs(factor + 1, row)[quantity] - base[quantity]) / kStep;
      }
      const double weight = 1.0 / (kNoise * std::max(kNoise, std::abs(residual)));
      normal += weight * slope * slope.transpose();
      gradient += weight * residual * slope;
    }
  }
  const Matrix covariance = normal.inverse();
  const Vector step = covariance * gradient;
  HostFactors factors;
  for (std::size_t factor = 0; factor < kNumFactors; ++factor) {
    factors.value[factor] = std::exp(std::clamp(step[index(factor)], -2.0 * kPriorSigma, 2.0 * kPriorSigma));
    factors.sigma[factor] = std::sqrt(covariance(index(factor), index(factor)));
  }
  return factors;
}

}  // namespace labtwin::validation
