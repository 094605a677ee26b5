#pragma once

#include <vector>

namespace labtwin::storage {

/// How latency scatters around its mean: ratios of quantiles to the mean.
struct TailShape {
  double p50_ratio = 0.95;
  double p95_ratio = 1.25;
  double p99_ratio = 1.4;
  double p999_ratio = 2.5;
};

/// Quantile function of latency / mean latency.
/// Law:    from the median up, piecewise linear in e = -ln(1 - u) through the four ratios, continued beyond u = 0.999 with the
///         last slope (an exponential tail); below the median, linear in u down to the value that makes the mean 1. Where no
///         value in [0, p50_ratio] does, the whole function is scaled to mean 1.
/// Inputs: u in (0, 1); ratios > 0, not decreasing.
/// Valid:  any u in (0, 1). The result is not decreasing in u.
/// Source: interpolation; the ratios come from measured p50, p95, p99, p99.9 of fio.
/// Error:  exact at the four quantiles where the ratios are consistent with a mean of 1.
[[nodiscard]] double tail_quantile(const TailShape& shape, double u);

/// The tail at a utilisation (0 unloaded, 1 saturated): linear between measured knots, constant outside them.
class TailCurve {
 public:
  struct Knot {
    double utilization = 0.0;
    TailShape shape;
  };

  TailCurve() = default;
  /// Knots in any order; an empty list stands for the default shape everywhere.
  explicit TailCurve(std::vector<Knot> knots);

  [[nodiscard]] TailShape at(double utilization) const;
  [[nodiscard]] const std::vector<Knot>& knots() const noexcept { return knots_; }

 private:
  std::vector<Knot> knots_;
};

}  // namespace labtwin::storage
