#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace labtwin::output {

enum class Scale : std::uint8_t { Linear, Logarithmic };

/// Maps values to pixels and chooses round tick values. Linear axes start at 0; logarithmic ones span whole decades.
class Axis {
 public:
  struct Span {
    double from = 0.0;
    double to = 0.0;
  };

  /// `values`: what must be visible; `pixels`: where the axis begins and ends.
  Axis(Scale scale, Span values, Span pixels);

  [[nodiscard]] double pixel(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const noexcept { return ticks_; }

 private:
  Scale scale_;
  Span values_;
  Span pixels_;
  std::vector<double> ticks_;
};

}  // namespace labtwin::output
