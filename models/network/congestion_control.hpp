#pragma once

// How a sender's window grows and shrinks: Reno and CUBIC as Linux has them.

#include <cstdint>
#include <optional>
#include <string_view>

#include "models/network/clock.hpp"

namespace labtwin::network {

enum class CongestionControl : unsigned char { Reno, Cubic, Bbr };
[[nodiscard]] std::string_view name(CongestionControl control);
/// Nothing if there is no such algorithm here.
[[nodiscard]] std::optional<CongestionControl> congestion_control(std::string_view name);

/// What an algorithm sees of its sender.
struct WindowView {
  Nanos now = 0;
  std::int64_t window = 10;           // packets
  std::int64_t slow_start_until = 0;  // packets
  std::int64_t smoothed8_us = 0;
  std::int64_t packets_out = 0;
  std::int64_t first_unacknowledged = 0;
  std::int64_t next_to_send = 0;
};

/// Additive increase of one packet per `packets_per_step` acknowledged ones.
class AdditiveIncrease {
 public:
  /// By how many packets the window grows.
  std::int64_t acknowledged(std::int64_t packets_per_step, std::int64_t num_packets) noexcept;
  void reset() noexcept { count_ = 0; }

 private:
  std::int64_t count_ = 0;
};

/// Law:    W(t) = W_max + 0.4 (t - K)^3 after a cut to 0.7, at least what Reno with the same mean would have, in whole packets
///         and ticks; the target is looked at again once per tick, or after 28 ms where the window has not moved.
/// Inputs: windows in packets, times in us.
/// Valid:  Linux 4.x to 6.x without ECN.
/// Source: RFC 9438; net/ipv4/tcp_cubic.c.
/// Error:  see request_response.hpp and bulk_transfer.hpp.
class Cubic {
 public:
  explicit Cubic(const TickClock& clock) : clock_(clock) {}

  /// The window after a loss.
  [[nodiscard]] std::int64_t cut(std::int64_t window) noexcept;
  /// Acknowledged packets per step of the window.
  [[nodiscard]] std::int64_t packets_per_step(Nanos now, std::int64_t window, std::int64_t num_acknowledged) noexcept;
  /// A round-trip sample; true if slow start should end here (HyStart).
  [[nodiscard]] bool sample(const WindowView& view, std::int64_t round_trip_us) noexcept;
  /// A timeout: all is forgotten.
  void reset(const WindowView& view) noexcept;
  /// Data flow again after a pause: the curve is not moved along by idle time.
  void resumed(Nanos now, Nanos last_sent) noexcept;

 private:
  [[nodiscard]] std::int64_t target(Nanos now) const noexcept;
  void begin_epoch(std::int64_t now_ticks, std::int64_t window, std::int64_t num_acknowledged) noexcept;
  void begin_hystart_round(const WindowView& view) noexcept;

  TickClock clock_;
  std::int64_t step_ = 0;
  std::int64_t last_max_ = 0;
  std::int64_t last_window_ = 0;
  std::int64_t last_update_ = 0;  // ticks
  std::int64_t origin_ = 0;       // packets
  std::int64_t k_ = 0;            // 1/1024 s
  std::int64_t min_delay_us_ = 0;
  std::optional<std::int64_t> epoch_;  // ticks
  std::int64_t acknowledged_ = 0;
  std::int64_t reno_window_ = 0;
  // HyStart
  bool found_ = false;
  bool has_round_ = false;
  std::int64_t round_end_ = 0;
  Nanos round_start_ = 0;
  Nanos last_ack_ = 0;
  std::int64_t round_min_us_ = 0;
  int num_samples_ = 0;
};

}  // namespace labtwin::network
