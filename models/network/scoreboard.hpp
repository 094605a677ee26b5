#pragma once

// What a sender knows of every segment in flight, in the order of their numbers and in the order in which they were sent.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/network/clock.hpp"
#include "models/network/packet.hpp"

namespace labtwin::network {

struct Segment {
  Nanos sent = 0;                     ///< last time
  std::int64_t delivered_before = 0;  ///< segments that the sender knew delivered when it sent this one
  int payload = 0;
  bool ends_message = false;
  bool is_sacked = false;
  bool is_lost = false;
  bool is_retransmission = false;  ///< the copy in flight is one that was sent because the segment was held lost
  bool was_retransmitted = false;
  Seq sent_before = -1;  ///< neighbours in the order of sending; -1: none
  Seq sent_after = -1;
  bool in_order = false;  ///< still in that order
};

/// The segments [first(), next()) of a connection that are sent and not acknowledged, with the counts that Linux keeps of them.
/// Source: RFC 6675 for the pipe; net/ipv4/tcp_input.c and tcp_output.c for the marks.
class Scoreboard {
 public:
  Scoreboard() : ring_(64) {}

  [[nodiscard]] Seq first() const noexcept { return first_; }
  [[nodiscard]] Seq next() const noexcept { return next_; }
  [[nodiscard]] std::int64_t packets_out() const noexcept { return next_ - first_; }
  [[nodiscard]] std::int64_t num_sacked() const noexcept { return num_sacked_; }
  [[nodiscard]] std::int64_t num_lost() const noexcept { return num_lost_; }
  [[nodiscard]] std::int64_t num_retransmitted() const noexcept { return num_retransmitted_; }
  /// Packets that are held to be on their way.
  [[nodiscard]] std::int64_t in_flight() const noexcept { return packets_out() - num_sacked_ - num_lost_ + num_retransmitted_; }
  /// One beyond the highest segment that was reported received.
  [[nodiscard]] Seq highest_sacked() const noexcept { return highest_sacked_ > first_ ? highest_sacked_ : first_; }
  [[nodiscard]] const Segment& at(Seq seq) const noexcept { return ring_[index(seq)]; }

  /// A new segment is sent.
  void push(const Segment& segment);
  /// The first segment is acknowledged.
  void pop() noexcept;
  void sack(Seq seq) noexcept;
  /// True if it was not known to be lost, or its retransmission was lost as well.
  bool mark_lost(Seq seq) noexcept;
  /// The sender gives up the belief that anything is lost.
  void unmark_lost() noexcept;
  /// Sent again. A probe is not counted as a retransmission in flight.
  void resend(Seq seq, Nanos now, std::int64_t num_delivered, bool is_probe) noexcept;

  /// The segment that was sent longest ago and is neither acknowledged nor given up; -1: none.
  [[nodiscard]] Seq oldest_sent() const noexcept { return oldest_; }
  /// Takes a segment that is held lost out of the order of sending.
  void leave_order(Seq seq) noexcept;

 private:
  [[nodiscard]] std::size_t index(Seq seq) const noexcept { return static_cast<std::size_t>(seq) & (ring_.size() - 1); }
  [[nodiscard]] Segment& entry(Seq seq) noexcept { return ring_[index(seq)]; }
  void grow();
  void enter_order(Seq seq) noexcept;

  std::vector<Segment> ring_;  // a power of two long
  Seq first_ = 0;
  Seq next_ = 0;
  Seq highest_sacked_ = 0;
  Seq oldest_ = -1;
  Seq newest_ = -1;
  std::int64_t num_sacked_ = 0;
  std::int64_t num_lost_ = 0;
  std::int64_t num_retransmitted_ = 0;
};

}  // namespace labtwin::network
