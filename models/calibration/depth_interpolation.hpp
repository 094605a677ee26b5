#pragma once

// What a sweep tells without any law: the line between its fitted points. A law has to be better than that.

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "models/calibration/fio_row.hpp"

namespace labtwin::calibration {

/// Law:    log rate, and log latency / N, are linear in log N between the fitted depths of as many jobs, and constant beyond
/// them. Inputs: fit rows of one sweep. Valid:  for comparison only: it knows nothing of other sweeps, other jobs or other
/// drives. Source: interpolation; repeated runs count by the mean of their logarithms. Error:  `labtwin validate` prints it
/// beside the error of the law.
class DepthInterpolation {
 public:
  explicit DepthInterpolation(const std::vector<const FioRow*>& fit_rows);

  struct Figures {
    std::optional<double> iops;
    std::optional<double> latency_us;
    std::array<std::optional<double>, kNumQuantiles> quantile_us;
  };
  /// Nothing where fewer than two depths were measured with as many jobs.
  [[nodiscard]] Figures at(const LoopPoint& point) const;

 private:
  /// Log figure over log N.
  using Line = std::map<double, double>;
  struct Lines {
    Line iops;
    Line latency;  ///< over N
    std::array<Line, kNumQuantiles> quantile;
  };
  std::map<double, Lines> by_jobs_;
};

}  // namespace labtwin::calibration
