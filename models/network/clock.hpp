#pragma once

// Time as the network stack of Linux counts it. Its congestion control works in integers (whole packets, microseconds, ticks of
// the timer), and what rounding does to it is seen in every measured quantile, so the packet model counts the same way.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "models/base/units.hpp"

namespace labtwin::network {

/// Nanoseconds since the start of a connection.
using Nanos = std::int64_t;
inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;
/// Later than everything.
inline constexpr Nanos kNever = INT64_MAX;

[[nodiscard]] inline Nanos to_nanos(Seconds time) noexcept {
  return std::llround(time.value() * 1e9);
}
[[nodiscard]] inline Seconds to_seconds(Nanos time) noexcept {
  return Seconds::from_base(static_cast<double>(time) * 1e-9);
}

/// The tick of the kernel's timers and the wheel that they sit in.
/// Law:    a wait of d ticks ends at tick now + d + 1; from 63 ticks on it is rounded up to 8, from 504 on to 64 ticks.
/// Inputs: length of a tick (CONFIG_HZ), phase of the ticks against time 0.
/// Valid:  timers of less than 16 s at 250 Hz; longer ones are rounded like those.
/// Source: kernel/time/timer.c, calc_index and LVL_START.
/// Error:  exact.
class TickClock {
 public:
  TickClock(Nanos tick, Nanos phase) noexcept : tick_(tick), phase_(phase) {}

  [[nodiscard]] std::int64_t ticks(Nanos now) const noexcept { return (now + phase_) / tick_; }
  /// Rounded up.
  [[nodiscard]] std::int64_t to_ticks(std::int64_t microseconds) const noexcept {
    return std::max<std::int64_t>((microseconds * kMicrosecond + tick_ - 1) / tick_, 0);
  }
  [[nodiscard]] std::int64_t to_microseconds(std::int64_t ticks) const noexcept { return ticks * tick_ / kMicrosecond; }
  [[nodiscard]] Nanos tick() const noexcept { return tick_; }

  /// When a timer fires that is set now for this many ticks.
  [[nodiscard]] Nanos expiry(Nanos now, std::int64_t delta) const noexcept {
    const std::int64_t expires = ticks(now) + delta;
    const int shift = delta < 63 ? 0 : delta < 504 ? 3 : 6;
    return (((expires >> shift) + 1) << shift) * tick_ - phase_;
  }

 private:
  Nanos tick_;
  Nanos phase_;
};

}  // namespace labtwin::network
