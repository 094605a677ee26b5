#include "models/calibration/depth_interpolation.hpp"

#include <cmath>
#include <iterator>
#include <utility>

namespace labtwin::calibration {
namespace {

// Means of logarithms by log N.
class MeanLine {
 public:
  void add(double num_in_flight, const std::optional<double>& value, double scale) {
    if (!value) return;
    auto& [sum, count] = sums_[std::log(num_in_flight)];
    sum += std::log(*value * scale);
    ++count;
  }
  [[nodiscard]] std::map<double, double> line() const {
    std::map<double, double> means;
    for (const auto& [log_n, sum] : sums_) means.emplace(log_n, sum.first / sum.second);
    return means;
  }

 private:
  std::map<double, std::pair<double, int>> sums_;
};

std::optional<double> on_line(const std::map<double, double>& line, double num_in_flight, double scale) {
  if (line.size() < 2) return std::nullopt;
  const double log_n = std::log(num_in_flight);
  const auto above = line.lower_bound(log_n);
  if (above == line.begin()) return std::exp(above->second) * scale;
  const auto below = std::prev(above);
  if (above == line.end()) return std::exp(below->second) * scale;
  const double fraction = (log_n - below->first) / (above->first - below->first);
  return std::exp(std::lerp(below->second, above->second, fraction)) * scale;
}

}  // namespace

DepthInterpolation::DepthInterpolation(const std::vector<const FioRow*>& fit_rows) {
  struct Means {
    MeanLine iops;
    MeanLine latency;
    std::array<MeanLine, kNumQuantiles> quantile;
  };
  std::map<double, Means> means;
  for (const FioRow* row : fit_rows) {
    const double n = row->point.num_in_flight;
    Means& of_jobs = means[row->point.num_jobs];
    of_jobs.iops.add(n, row->iops, 1.0);
    of_jobs.latency.add(n, row->latency_us, 1.0 / n);
    for (std::size_t q = 0; q < kNumQuantiles; ++q) of_jobs.quantile[q].add(n, row->quantile_us[q], 1.0 / n);
  }
  for (const auto& [jobs, of_jobs] : means) {
    Lines& lines = by_jobs_[jobs];
    lines.iops = of_jobs.iops.line();
    lines.latency = of_jobs.latency.line();
    for (std::size_t q = 0; q < kNumQuantiles; ++q) lines.quantile[q] = of_jobs.quantile[q].line();
  }
}

DepthInterpolation::Figures DepthInterpolation::at(const LoopPoint& point) const {
  const auto lines = by_jobs_.find(point.num_jobs);
  if (lines == by_jobs_.end()) return {};
  const double n = point.num_in_flight;
  Figures figures;
  figures.iops = on_line(lines->second.iops, n, 1.0);
  figures.latency_us = on_line(lines->second.latency, n, n);
  for (std::size_t q = 0; q < kNumQuantiles; ++q) figures.quantile_us[q] = on_line(lines->second.quantile[q], n, n);
  return figures;
}

}  // namespace labtwin::calibration
