#pragma once

// The temperature of a drive, and what it does when it gets too hot.

#include <optional>

#include "models/base/units.hpp"

namespace labtwin::storage {

/// What makes a drive hot and how it protects itself. Temperatures in degrees Celsius.
struct ThermalDesign {
  Watts idle_power;
  Watts active_power;        ///< moving data as fast as the law allows, >= idle_power
  double throttle_at = 0.0;  ///< temperature at which it slows down
  double resume_at = 0.0;    ///< below throttle_at
  BytesPerSecond slow_rate;  ///< while it is too hot, > 0
};

/// What takes the heat away.
struct Cooling {
  double kelvin_per_watt = 0.0;  ///< from the controller to the air, > 0
  Seconds time_constant;         ///< > 0
  double air = 25.0;             ///< degrees Celsius, of the air around it
};

/// Law:    temperature = air + R idle_power + x, dx/dt = (R (active_power - idle_power) u - x) / tau, where u is the share of
///         time for which the law keeps the drive busy. From throttle_at until it has cooled to resume_at nothing moves faster
///         than slow_rate.
/// Inputs: times that do not fall; work as the law of the drive has it, before any slowing.
/// Valid:  one thermal mass; drives with several steps of throttling are slowed at once to the last.
/// Source: first-order heating of a body in air; a drive without a heat sink that fell below 50 MB/s for some seconds after
///         500 s of writes, TechPowerUp review of the MSI M390.
/// Error:  closed form of the exponential (tests/unit/storage); against drives not measured.
class ThermalState {
 public:
  ThermalState(const ThermalDesign& design, const Cooling& cooling);

  [[nodiscard]] bool is_throttled() const noexcept { return throttled_; }
  [[nodiscard]] BytesPerSecond slow_rate() const noexcept { return slow_rate_; }
  /// Degrees Celsius.
  [[nodiscard]] double temperature() const noexcept { return base_ + rise_; }

  /// Cools until `now`, then takes up the heat of one command at once.
  void command(Seconds now, Seconds work);
  /// The drive has been busy for this share of the time since the last call.
  void stream(Seconds now, double busy_share);
  /// When a drive that is busy for this share of the time from the last call on starts or ends throttling; nothing if never.
  [[nodiscard]] std::optional<Seconds> next_change(double busy_share) const;

 private:
  void judge();

  double base_ = 0.0;       // degrees Celsius, of the idle drive
  double full_rise_ = 0.0;  // kelvin, of a drive that is always busy
  Seconds time_constant_;
  double throttle_at_ = 0.0;
  double resume_at_ = 0.0;
  BytesPerSecond slow_rate_;
  Seconds now_;
  double rise_ = 0.0;  // kelvin above base_ at now_
  bool throttled_ = false;
};

}  // namespace labtwin::storage
