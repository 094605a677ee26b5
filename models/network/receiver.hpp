#pragma once

// The receiving half of one end of a connection: what has arrived, and when that is acknowledged.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/network/clock.hpp"
#include "models/network/packet.hpp"

namespace labtwin::network {

/// Law:    every second segment is acknowledged at once, a lone one after 40 ms unless data carry it; segments out of order and
///         those that fill a hole at once, but from the fourth after another they are gathered for 5 % of the round trip, at
///         most 1 ms, plus the slack of that timer, 0.1 ms. An end that does not answer what it receives within 40 ms
///         acknowledges the last segment of a message at once, and each of 16 segments at the beginning and after a timeout of
///         the sender; a delayed acknowledgement that nothing carried, or a segment that came twice, makes it such an end.
/// Inputs: arrivals of segments.
/// Valid:  Linux 5.x to 6.x with SACK; no receive offload.
/// Source: RFC 5681, RFC 2018, RFC 2883; net/ipv4/tcp_input.c, __tcp_ack_snd_check.
/// Error:  see request_response.hpp.
class Receiver {
 public:
  explicit Receiver(const TickClock& clock) : clock_(clock), ring_(64, 0) {}

  /// A segment arrives. True if an acknowledgement must be sent now.
  [[nodiscard]] bool arrive(Nanos now, const Packet& packet, std::int64_t round_trip_us);
  /// When an acknowledgement is due; kNever if none is.
  [[nodiscard]] Nanos next_timer() const noexcept { return std::min(delayed_, gathered_); }
  /// The timer fires: an acknowledgement must be sent now.
  void timer(Nanos now) noexcept;
  /// Writes the acknowledgement into a packet that is about to be sent.
  void acknowledge(Packet& packet) noexcept;
  /// The application sends: if that answers what came last, acknowledgements may wait for its data from now on.
  void answered(Nanos now) noexcept;
  /// Segments that are there without a hole.
  [[nodiscard]] Seq next_expected() const noexcept { return next_; }

 private:
  [[nodiscard]] std::size_t index(Seq seq) const noexcept { return static_cast<std::size_t>(seq) & (ring_.size() - 1); }
  void arrive_in_order();
  // True if the block has to be reported before others push it out of the options.
  bool arrive_early(const Packet& packet);
  bool add_block(Seq seq);
  void drop_filled_blocks() noexcept;
  void measure_gap(Nanos now, std::int64_t round_trip_us) noexcept;
  [[nodiscard]] bool check_acknowledgement(Nanos now, std::int64_t round_trip_us);
  [[nodiscard]] std::int64_t longest_delay_us(std::int64_t round_trip_us) const noexcept;
  [[nodiscard]] bool gather(Nanos now, std::int64_t round_trip_us);

  TickClock clock_;
  std::vector<unsigned char> ring_;  // which segments above the hole are there
  Seq next_ = 0;
  Seq highest_ = 0;
  Seq acknowledged_ = 0;
  std::int64_t num_early_ = 0;
  static constexpr std::size_t kMaxBlocks = 4;
  std::array<SackBlock, kMaxBlocks> blocks_{};  // latest first
  std::size_t num_blocks_ = 0;
  bool has_duplicate_ = false;
  SackBlock duplicate_;
  std::int64_t echo_ms_ = 0;
  // Acknowledgements
  bool is_interactive_ = false;
  bool must_answer_ = false;
  int quick_ = 0;
  Nanos last_arrival_ = -1;
  std::int64_t gap_us_ = 0;
  Nanos delayed_ = kNever;
  Nanos gathered_ = kNever;
  int num_gathered_ = 0;
  int num_duplicate_acks_ = 0;
  Seq gathered_for_ = -1;
};

}  // namespace labtwin::network
