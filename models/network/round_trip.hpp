#pragma once

// How a sender estimates the round trip, and when it gives a segment up.

#include <cstdint>

#include "models/network/clock.hpp"

namespace labtwin::network {

/// Law:    RTO = SRTT + max(4 RTTVAR, 200 ms), in ticks; RTTVAR falls by a quarter per window at most.
/// Inputs: samples, us.
/// Valid:  Linux; the minimum is that of the kernel, RFC 6298 asks for 1 s.
/// Source: RFC 6298; net/ipv4/tcp_input.c, tcp_rtt_estimator.
/// Error:  exact.
class RoundTrip {
 public:
  explicit RoundTrip(const TickClock& clock) : clock_(clock), timeout_(clock.to_ticks(1'000'000)) {}

  /// `is_new_window`: all that was sent before the last new window has been acknowledged.
  void sample(std::int64_t microseconds, bool is_new_window);
  void sample_minimum(std::int64_t microseconds) noexcept;
  /// Doubles the timeout up to two minutes.
  void back_off() noexcept;

  [[nodiscard]] std::int64_t timeout_ticks() const noexcept { return timeout_; }
  [[nodiscard]] std::int64_t smoothed_us() const noexcept { return smoothed8_ >> 3; }
  [[nodiscard]] std::int64_t smoothed8_us() const noexcept { return smoothed8_; }
  [[nodiscard]] std::int64_t minimum_us() const noexcept { return minimum_; }
  [[nodiscard]] bool has_sample() const noexcept { return smoothed8_ != 0; }

 private:
  TickClock clock_;
  std::int64_t smoothed8_ = 0;  // in eighths of a microsecond, as the kernel keeps it
  std::int64_t deviation4_ = 0;
  std::int64_t largest_deviation4_ = 0;
  std::int64_t variance_ = 0;
  std::int64_t minimum_ = INT64_MAX;
  std::int64_t timeout_;
};

/// Smallest deviation in a timeout: Linux' TCP_RTO_MIN.
inline constexpr std::int64_t kMinimumTimeoutUs = 200'000;

}  // namespace labtwin::network
