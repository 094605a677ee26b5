#pragma once

// Distributions of a non-negative quantity, sampled by inverse transform: a variate is quantile(u) of a uniform u that the
// caller drew. Standard-library distributions differ between implementations and consume a varying number of draws.

#include <string_view>
#include <utility>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin {

/// One point of a quantile function: a fraction `u` of the values is at most `value`.
struct QuantilePoint {
  double u = 0.0;
  double value = 0.0;
};

/// A distribution of plain numbers. Parameters out of range throw ModelError.
class Distribution {
 public:
  /// Always 0.
  Distribution() = default;

  [[nodiscard]] static Distribution constant(double value);
  [[nodiscard]] static Distribution uniform(double low, double high);
  [[nodiscard]] static Distribution exponential(double mean);
  /// Median and 90 % quantile, p90 >= median > 0.
  [[nodiscard]] static Distribution lognormal_from_median(double median, double p90);
  /// cv = standard deviation / mean.
  [[nodiscard]] static Distribution lognormal_from_mean(double mean, double cv);
  [[nodiscard]] static Distribution gamma(double mean, double cv);
  /// Shape 1 is exponential; below 1 the tail is heavier.
  [[nodiscard]] static Distribution weibull(double mean, double shape);
  /// Straight lines between points; u ascends from 0 to 1, values do not fall.
  [[nodiscard]] static Distribution empirical(std::vector<QuantilePoint> points);

  /// The value that a fraction `u` in (0, 1) of all draws does not exceed.
  [[nodiscard]] double quantile(double u) const;
  [[nodiscard]] double mean() const;

  /// `constant`, `uniform`, `exponential`, `lognormal`, `gamma`, `weibull` or `empirical`.
  [[nodiscard]] std::string_view name() const noexcept;
  /// The parameters by name, as written in scenario files; those of `empirical` are `quantiles()`.
  [[nodiscard]] std::vector<std::pair<std::string_view, double>> parameters() const;
  [[nodiscard]] const std::vector<QuantilePoint>& quantiles() const noexcept { return points_; }

 private:
  enum class Kind : unsigned char { Constant, Uniform, Exponential, Lognormal, Gamma, Weibull, Empirical };

  Distribution(Kind kind, double first, double second) : kind_(kind), first_(first), second_(second) {}

  Kind kind_ = Kind::Constant;
  double first_ = 0.0;   // constant: value; uniform: low; lognormal: median; others: mean
  double second_ = 0.0;  // uniform: high; lognormal: sigma; gamma: cv; weibull: shape
  std::vector<QuantilePoint> points_;
};

/// A distribution of a quantity: as Distribution, in base units.
template <class T>
class DistributionOf {
 public:
  DistributionOf() = default;
  explicit DistributionOf(Distribution distribution) : distribution_(std::move(distribution)) {}
  /// Always `value`.
  [[nodiscard]] static DistributionOf constant(T value) { return DistributionOf(Distribution::constant(to_base(value))); }

  [[nodiscard]] T quantile(double u) const { return from_base(distribution_.quantile(u)); }
  [[nodiscard]] T mean() const { return from_base(distribution_.mean()); }
  [[nodiscard]] const Distribution& in_base_units() const noexcept { return distribution_; }

 private:
  [[nodiscard]] static double to_base(T value) {
    if constexpr (is_quantity<T>) {
      return value.value();
    } else {
      return value;
    }
  }
  [[nodiscard]] static T from_base(double value) {
    if constexpr (is_quantity<T>) {
      return T::from_base(value);
    } else {
      return value;
    }
  }

  Distribution distribution_;
};

}  // namespace labtwin
