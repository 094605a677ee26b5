#include "models/calibration/write_phases.hpp"

#include <cmath>
#include <cstddef>

namespace labtwin::calibration {
namespace {

// A run that ends slower than this share of its first rate has fallen off a cliff.
constexpr double kLargestShareLeft = 0.7;

/// Windows of a run.
struct Windows {
  std::span<const double> written;
  std::span<const BytesPerSecond> rates;

  [[nodiscard]] double begin(std::size_t i) const { return i == 0 ? 0.0 : written[i - 1]; }
  [[nodiscard]] double middle(std::size_t i) const { return 0.5 * (begin(i) + written[i]); }

  // Amount over time of the windows from `first` until before `last`.
  [[nodiscard]] BytesPerSecond mean_rate(std::size_t first, std::size_t last) const {
    double amount = 0.0;
    double time = 0.0;
    for (std::size_t i = first; i < last; ++i) {
      amount += written[i] - begin(i);
      time += (written[i] - begin(i)) / rates[i].value();
    }
    return BytesPerSecond::from_base(amount / time);
  }
};

}  // namespace

WritePhases write_phases(std::span<const double> written, std::span<const BytesPerSecond> rates) {
  const Windows windows{written, rates};
  std::size_t last_third = 0;
  while (last_third + 1 < written.size() && windows.middle(last_third) < written.back() * 2.0 / 3.0) ++last_third;
  WritePhases phases{
      .fast = windows.mean_rate(0, rates.size()), .after = windows.mean_rate(last_third, rates.size()), .cliff = std::nullopt};
  if (phases.after > rates.front() * kLargestShareLeft) return phases;
  const double between = std::sqrt(rates.front().value() * phases.after.value());
  std::size_t below = 1;
  while (rates[below].value() > between) ++below;
  const double above = std::log(rates[below - 1].value() / between);
  const double fall = std::log(rates[below - 1] / rates[below]);
  phases.fast = windows.mean_rate(0, below);
  phases.cliff = windows.middle(below - 1) + (windows.middle(below) - windows.middle(below - 1)) * above / fall;
  return phases;
}

}  // namespace labtwin::calibration
