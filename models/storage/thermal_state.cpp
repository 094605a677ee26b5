#include "models/storage/thermal_state.hpp"

#include <cmath>

namespace labtwin::storage {
namespace {

// What rounding may leave between a temperature and the threshold that it has just reached.
constexpr double kNegligibleKelvin = 1e-6;

}  // namespace

ThermalState::ThermalState(const ThermalDesign& design, const Cooling& cooling)
    : base_(cooling.air + cooling.kelvin_per_watt * design.idle_power.value()),
      full_rise_(cooling.kelvin_per_watt * (design.active_power - design.idle_power).value()),
      time_constant_(cooling.time_constant),
      throttle_at_(design.throttle_at),
      resume_at_(design.resume_at),
      slow_rate_(design.slow_rate) {}

void ThermalState::command(Seconds now, Seconds work) {
  rise_ = rise_ * std::exp(-((now - now_) / time_constant_)) + full_rise_ * (work / time_constant_);
  now_ = now;
  judge();
}

void ThermalState::stream(Seconds now, double busy_share) {
  const double steady = full_rise_ * busy_share;
  rise_ = steady + (rise_ - steady) * std::exp(-((now - now_) / time_constant_));
  now_ = now;
  judge();
}

void ThermalState::judge() {
  if (temperature() >= throttle_at_ - kNegligibleKelvin) throttled_ = true;
  if (temperature() <= resume_at_ + kNegligibleKelvin) throttled_ = false;
}

std::optional<Seconds> ThermalState::next_change(double busy_share) const {
  const double steady = full_rise_ * busy_share;
  const double threshold = (throttled_ ? resume_at_ : throttle_at_) - base_;
  const bool gets_there = throttled_ ? steady < threshold : steady > threshold;
  if (!gets_there) return std::nullopt;
  return now_ + time_constant_ * std::log((rise_ - steady) / (threshold - steady));
}

}  // namespace labtwin::storage
