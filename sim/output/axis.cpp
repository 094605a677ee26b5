#include "sim/output/axis.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace labtwin::output {
namespace {

constexpr double kWantedTicks = 5.0;

/// The smallest of 1, 2, 5 x 10^k that is not below `step`.
double round_step(double step) {
  const double decade = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : std::array<double, 3>{1.0, 2.0, 5.0}) {
    if (step <= factor * decade * (1.0 + 1e-9)) return factor * decade;
  }
  return 10.0 * decade;
}

}  // namespace

Axis::Axis(Scale scale, Span values, Span pixels) : scale_(scale), values_(values), pixels_(pixels) {
  if (scale_ == Scale::Logarithmic) {
    const int first = static_cast<int>(std::floor(std::log10(values.from)));
    const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log10(values.to) - 1e-9)));
    for (int decade = first; decade <= last; ++decade) ticks_.push_back(std::pow(10.0, decade));
    values_ = {ticks_.front(), ticks_.back()};
    return;
  }
  const double step = round_step(std::max(values.to, 1e-9) / kWantedTicks);
  const double top = std::ceil(values.to / step - 1e-9) * step;
  for (int tick = 0; tick * step <= top * (1.0 + 1e-9); ++tick) ticks_.push_back(tick * step);
  values_ = {0.0, top};
}

double Axis::pixel(double value) const {
  const double fraction = scale_ == Scale::Logarithmic
                              ? std::log(std::max(value, values_.from) / values_.from) / std::log(values_.to / values_.from)
                              : (value - values_.from) / (values_.to - values_.from);
  return pixels_.from + fraction * (pixels_.to - pixels_.from);
}

}  // namespace labtwin::output
