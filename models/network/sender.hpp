#pragma once

// The sending half of one end of a connection: congestion window, loss detection and recovery as Linux does them.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "models/network/clock.hpp"
#include "models/network/congestion_control.hpp"
#include "models/network/packet.hpp"
#include "models/network/round_trip.hpp"
#include "models/network/scoreboard.hpp"

namespace labtwin::network {

/// Packets that a sender hands to the path, in this order.
using Outgoing = std::vector<Packet>;

/// Law:    window-limited sending; a hole is lost when RACK says so (three later arrivals, or a quarter of the smallest round
///         trip), lost segments are sent again under proportional rate reduction, a tail is probed after 2 SRTT + 2 ms, and
///         what nothing tells is given up after the RTO, with F-RTO and undo.
/// Inputs: acknowledgements with SACK blocks and time stamps, in the order in which they arrive.
/// Valid:  Linux 6.x: SACK, RACK-TLP, CUBIC or Reno; no ECN, no pacing, no segmentation offload.
/// Source: RFC 5681, 6298, 6675, 6937, 8985, 5682; net/ipv4/tcp_input.c, tcp_output.c, tcp_recovery.c, tcp_timer.c.
/// Error:  see request_response.hpp and bulk_transfer.hpp.
class Sender {
 public:
  /// `window_limit`: packets that buffers of both ends allow in flight.
  Sender(const TickClock& clock, CongestionControl control, std::int64_t window_limit, int segment_bytes);

  /// The application hands over a message.
  void write(Nanos now, std::int64_t bytes, Outgoing& out);
  /// The application closes its end: nothing comes after what it has written. The last segment says so, or one of its own
  /// where that is on its way already.
  void finish(Nanos now, Outgoing& out);
  void acknowledged(Nanos now, const Packet& ack, Outgoing& out);
  /// When a timer fires; kNever if none is set.
  [[nodiscard]] Nanos next_timer() const noexcept { return timer_at_; }
  void timer(Nanos now, Outgoing& out);
  /// A first sample, from the handshake.
  void sample_round_trip(std::int64_t microseconds);

  /// Segments written so far.
  [[nodiscard]] Seq written() const noexcept { return has_separate_end_ ? end_ - 1 : end_; }
  [[nodiscard]] const Scoreboard& board() const noexcept { return board_; }
  [[nodiscard]] std::int64_t window() const noexcept { return window_; }
  [[nodiscard]] std::int64_t round_trip_us() const noexcept { return round_trip_.smoothed_us(); }

 private:
  enum class State : unsigned char { Open, Disorder, Reduced, Recovery, Loss };
  enum class Timer : unsigned char { None, Retransmission, Probe, Reordering };
  enum class Resend : unsigned char { None, Lost, NewFirst };
  struct Reno {};
  static constexpr std::int64_t kDuplicateThreshold = 3;
  /// What one acknowledgement told.
  struct News {
    bool has_data = false;
    bool advanced = false;  // the cumulative acknowledgement moved
    bool acknowledged_retransmission = false;
    bool sacked = false;
    bool original_arrived = false;  // a segment below the recovery point that was sent once
    bool duplicate = false;         // a segment came twice that had been sent twice
    bool duplicate_of_probe = false;
    bool lost_retransmission = false;
    bool set_timer = false;
    std::int64_t num_acknowledged = 0;
    std::int64_t delivered = 0;
    std::int64_t newly_lost = 0;
    // Of what arrived, the segment that was sent last.
    Nanos newest_sent = -1;
    Seq newest_seq = -1;
    std::int64_t delivered_before = 0;
    Seq lowest_reordered = INT64_MAX;
    Nanos first_acknowledged = -1;  // when it had been sent
    Nanos last_acknowledged = -1;
    Nanos first_sacked = -1;
    Nanos last_sacked = -1;
  };

  // sender.cpp: transmission
  [[nodiscard]] WindowView view(Nanos now) const noexcept;
  [[nodiscard]] bool in_slow_start() const noexcept { return window_ < slow_start_until_; }
  [[nodiscard]] bool is_reducing() const noexcept { return state_ == State::Reduced || state_ == State::Recovery; }
  void emit(Seq seq, Nanos now, Outgoing& out);
  void send_new(Nanos now, Outgoing& out);
  void send_segment(Nanos now, Outgoing& out);
  void note_sent(Nanos now, std::int64_t num_sent, bool is_limited);
  [[nodiscard]] std::int64_t largest_burst() const noexcept;
  [[nodiscard]] bool waits_for_larger_burst(Nanos now, std::int64_t room) const noexcept;
  void send_lost(Nanos now, Outgoing& out);
  void resend(Seq seq, Nanos now, bool is_probe, Outgoing& out);
  void restart_after_idle(Nanos now);
  void validate_window(Nanos now, bool is_limited);
  [[nodiscard]] bool is_window_limited() const noexcept;
  void use_less(Nanos now);

  // sender_ack.cpp: what acknowledgements tell
  void read_blocks(Nanos now, const Packet& ack, News& news);
  void read_duplicate(Seq seq, News& news);
  void sack(Nanos now, Seq seq, Seq prior_highest, News& news);
  void read_cumulative(Nanos now, const Packet& ack, News& news);
  // True if there was a sample.
  bool update_round_trip(Nanos now, const Packet& ack, const News& news, bool is_new_window);
  void grow_window(Nanos now, const News& news);
  void note_reordering(Seq lowest, Seq highest);
  void end_probe(const Packet& ack, const News& news);

  // recovery.cpp: loss detection and states
  void react(Nanos now, const Packet& ack, News& news, Resend& resend);
  void process_loss_state(const Packet& ack, const News& news, Resend& resend);
  void detect_losses(Nanos now, News& news);
  /// Longest time that a segment may still take, us; 0 if none is waited for.
  [[nodiscard]] std::int64_t mark_losses(Nanos now, News& news);
  void note_delivery(Nanos now, const Segment& segment, Seq seq, News& news);
  void adapt_reordering_window(const News& news);
  [[nodiscard]] std::int64_t reordering_window_us() const noexcept;
  void enter_recovery();
  void begin_reduction();
  void reduce(std::int64_t delivered, std::int64_t newly_lost, bool advanced);
  void end_reduction();
  [[nodiscard]] std::int64_t cut();
  void remember_for_undo();
  [[nodiscard]] bool may_undo(const Packet& ack) const noexcept;
  [[nodiscard]] bool original_was_late(const Packet& ack) const noexcept;
  void undo(bool unmark_lost);
  void undo_at_the_end(const Packet& ack);
  void undo_by_duplicates();
  [[nodiscard]] bool undo_partly(const Packet& ack);
  [[nodiscard]] bool undo_loss(const Packet& ack, bool spurious);
  [[nodiscard]] bool has_retransmitted() const noexcept;
  void keep_open();

  // sender_timer.cpp
  void set_timer(Nanos now, Timer timer, std::int64_t ticks);
  void rearm_retransmission(Nanos now);
  bool schedule_probe(Nanos now, bool restart);
  [[nodiscard]] std::int64_t retransmission_due_us(Nanos now) const noexcept;
  void send_probe(Nanos now, Outgoing& out);
  void retransmission_timeout(Nanos now, Outgoing& out);
  void enter_loss(Nanos now);
  void reordering_timeout(Nanos now, Outgoing& out);

  TickClock clock_;
  std::variant<Reno, Cubic> control_;
  AdditiveIncrease increase_;
  std::int64_t window_limit_;
  int segment_bytes_;
  RoundTrip round_trip_;
  Scoreboard board_;
  // What is written: segments of messages that are not sent yet.
  struct Message {
    Seq end = 0;
    int last_payload = 0;
  };
  std::deque<Message> messages_;
  Seq end_ = 0;
  bool is_finished_ = false;
  bool has_separate_end_ = false;

  State state_ = State::Open;
  std::int64_t window_ = 10;
  std::int64_t slow_start_until_ = INT32_MAX;
  Seq high_ = 0;  // what was sent when the state began
  std::int64_t prior_window_ = 0;
  std::int64_t prior_slow_start_until_ = 0;
  std::int64_t reduction_delivered_ = 0;
  std::int64_t reduction_sent_ = 0;
  std::optional<Seq> undo_from_;
  std::int64_t undo_retransmissions_ = 0;
  std::int64_t first_retransmission_ms_ = 0;
  std::int64_t num_timeouts_ = 0;
  bool is_frto_ = false;
  // Window validation
  bool is_limited_ = false;
  std::int64_t most_out_ = 0;
  Seq usage_end_ = 0;
  std::int64_t used_ = 0;
  std::int64_t used_since_ = 0;  // ticks
  Nanos last_sent_ = 0;          // new data
  Nanos last_write_ = 0;         // anything
  Seq round_trip_end_ = 0;
  // RACK and probe
  std::int64_t reordering_ = kDuplicateThreshold;
  bool has_seen_reordering_ = false;
  std::int64_t num_delivered_ = 1;  // the handshake counts
  std::int64_t num_resent_ = 0;
  std::int64_t num_duplicates_ = 0;       // reported by the receiver
  bool has_seen_duplicate_ = false;       // since the reordering window was adapted
  std::int64_t reordering_quarters_ = 1;  // of the smallest round trip
  std::int64_t window_adapted_at_ = 0;    // segments delivered
  int num_recoveries_to_keep_window_ = 0;
  Nanos latest_sent_ = -1;  // of what was delivered
  Seq latest_seq_ = -1;
  std::int64_t latest_round_trip_us_ = 0;
  bool has_progressed_ = false;
  std::optional<Seq> probe_end_;
  bool probe_is_retransmission_ = false;
  std::array<SackBlock, kMaxSackBlocks> known_blocks_{};  // of the acknowledgement before
  std::size_t num_known_blocks_ = 0;
  Seq first_lost_ = 0;  // where the next lost segment may be

  Timer pending_ = Timer::None;
  Nanos timer_at_ = kNever;
};

}  // namespace labtwin::network
