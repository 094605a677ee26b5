#include "models/network/sender.hpp"

#include <algorithm>

namespace labtwin::network {
namespace {

constexpr std::int64_t kInitialWindow = 10;
// A burst holds what one buffer of the kernel does, and takes a third of the window before it waits for a larger one.
constexpr std::int64_t kBurstBytes = 65'215;
constexpr std::int64_t kSmallestBurst = 2;
constexpr std::int64_t kWindowDivisor = 3;

}  // namespace

Sender::Sender(const TickClock& clock, CongestionControl control, std::int64_t window_limit, int segment_bytes)
    : clock_(clock), window_limit_(window_limit), segment_bytes_(segment_bytes), round_trip_(clock) {
  if (control == CongestionControl::Cubic) control_ = Cubic(clock);
}

WindowView Sender::view(Nanos now) const noexcept {
  return {.now = now,
          .window = window_,
          .slow_start_until = slow_start_until_,
          .smoothed8_us = round_trip_.smoothed8_us(),
          .packets_out = board_.packets_out(),
          .first_unacknowledged = board_.first(),
          .next_to_send = board_.next()};
}

void Sender::sample_round_trip(std::int64_t microseconds) {
  round_trip_.sample(microseconds, true);
  round_trip_.sample_minimum(microseconds);
}

void Sender::write(Nanos now, std::int64_t bytes, Outgoing& out) {
  const std::int64_t num_full = bytes / segment_bytes_;
  const auto rest = static_cast<int>(bytes % segment_bytes_);
  end_ += num_full + (rest > 0 ? 1 : 0);
  messages_.push_back({end_, rest > 0 ? rest : segment_bytes_});
  if (board_.packets_out() == 0) restart_after_idle(now);
  send_new(now, out);
}

void Sender::finish(Nanos now, Outgoing& out) {
  is_finished_ = true;
  if (board_.next() < end_) return;  // what is still to be sent carries the end with it
  has_separate_end_ = true;
  write(now, 1, out);
}

void Sender::emit(Seq seq, Nanos now, Outgoing& out) {
  last_write_ = now;
  const Segment& segment = board_.at(seq);
  out.push_back({.seq = seq, .payload = segment.payload, .ends_message = segment.ends_message, .stamp_ms = now / kMillisecond});
}

void Sender::restart_after_idle(Nanos now) {
  std::int64_t idle = clock_.ticks(now) - clock_.ticks(last_sent_);
  if (idle <= round_trip_.timeout_ticks()) return;
  slow_start_until_ = std::max(slow_start_until_, window_ / 2 + window_ / 4);
  const std::int64_t restart = std::min(kInitialWindow, window_);
  while ((idle -= round_trip_.timeout_ticks()) > 0 && window_ > restart) window_ /= 2;
  window_ = std::max(window_, restart);
  used_since_ = clock_.ticks(now);
  used_ = 0;
}

// Law:    a burst may hold pacing rate x 1 ms, and near the receiver 64 KiB halved for every 0.5 ms of round trip.
// Source: net/ipv4/tcp_output.c, tcp_tso_autosize; tcp_tso_rtt_log = 9.
std::int64_t Sender::largest_burst() const noexcept {
  const std::int64_t smoothed8 = round_trip_.smoothed8_us();
  if (smoothed8 == 0) return kBurstBytes / segment_bytes_;
  const double pace = window_ < slow_start_until_ / 2 ? 2.0 : 1.2;
  const double packets = static_cast<double>(std::max(window_, board_.packets_out()));
  const double per_second = pace * segment_bytes_ * packets * 8e6 / static_cast<double>(smoothed8);
  std::int64_t bytes = std::min(static_cast<std::int64_t>(per_second / 1024.0), kBurstBytes);
  const std::int64_t halvings = round_trip_.minimum_us() >> 9;
  if (halvings < 32) bytes = std::min(bytes + (kBurstBytes >> halvings), kBurstBytes);
  return std::max(bytes / segment_bytes_, kSmallestBurst);
}

// Law:    a sender that may send less than a third of its window waits for the next acknowledgement if that is due within
//         half a round trip, at most 1 ms, and something was sent in the last 1 ms.
// Source: net/ipv4/tcp_output.c, tcp_tso_should_defer; tcp_tso_win_divisor = 3.
bool Sender::waits_for_larger_burst(Nanos now, std::int64_t room) const noexcept {
  const std::int64_t rest = end_ - board_.next();
  if (rest == 1 || state_ >= State::Recovery || board_.packets_out() == 0) return false;
  if (now - last_write_ > kMillisecond || room >= largest_burst()) return false;
  if (room * kWindowDivisor >= std::min(window_, window_limit_) || (is_finished_ && room >= rest)) return false;
  const Nanos round_trip = round_trip_.smoothed8_us() * kMicrosecond / 8;
  const Nanos expected = board_.at(board_.first()).sent + round_trip;
  return expected - now <= std::min(round_trip / 2, kMillisecond);
}

void Sender::send_segment(Nanos now, Outgoing& out) {
  if (board_.in_flight() == 0) {
    if (auto* cubic = std::get_if<Cubic>(&control_)) cubic->resumed(now, last_sent_);
  }
  last_sent_ = now;
  const bool was_empty = board_.packets_out() == 0;
  const bool is_last = board_.next() + 1 == messages_.front().end;
  board_.push({.sent = now,
               .delivered_before = num_delivered_,
               .payload = is_last ? messages_.front().last_payload : segment_bytes_,
               .ends_message = is_last});
  if (is_last) messages_.pop_front();
  emit(board_.next() - 1, now, out);
  if (was_empty || pending_ == Timer::Probe) rearm_retransmission(now);
}

void Sender::note_sent(Nanos now, std::int64_t num_sent, bool is_limited) {
  if (is_reducing()) reduction_sent_ += num_sent;
  if (num_sent > 0 || is_limited) validate_window(now, is_limited);
}

void Sender::send_new(Nanos now, Outgoing& out) {
  std::int64_t num_sent = 0;
  bool is_deferred = false;
  while (board_.next() < end_ && !is_deferred) {
    const std::int64_t room = std::min(window_ - board_.in_flight(), window_limit_ - board_.packets_out());
    if (room <= 0) break;
    is_deferred = waits_for_larger_burst(now, room);
    if (is_deferred) break;
    const std::int64_t burst = std::min({room, largest_burst(), end_ - board_.next()});
    for (std::int64_t i = 0; i < burst; ++i) send_segment(now, out);
    num_sent += burst;
  }
  if (num_sent > 0) static_cast<void>(schedule_probe(now, false));
  note_sent(now, num_sent, is_deferred || board_.in_flight() >= window_);
}

bool Sender::is_window_limited() const noexcept {
  return is_limited_ || (in_slow_start() && window_ < 2 * most_out_);
}

void Sender::validate_window(Nanos now, bool is_limited) {
  if (board_.first() >= usage_end_ || is_limited || (!is_limited_ && board_.packets_out() > most_out_)) {
    is_limited_ = is_limited;
    most_out_ = board_.packets_out();
    usage_end_ = board_.next();
  }
  if (is_window_limited()) {
    used_ = 0;
    used_since_ = clock_.ticks(now);
    return;
  }
  used_ = std::max(used_, board_.packets_out());
  if (clock_.ticks(now) - used_since_ >= round_trip_.timeout_ticks()) use_less(now);
}

// A window that the application did not fill for a timeout shrinks towards what it filled.
void Sender::use_less(Nanos now) {
  if (state_ == State::Open) {
    const std::int64_t used = std::max(used_, kInitialWindow);
    if (used < window_) {
      slow_start_until_ = std::max(slow_start_until_, window_ / 2 + window_ / 4);
      window_ = (window_ + used) / 2;
    }
    used_ = 0;
  }
  used_since_ = clock_.ticks(now);
}

void Sender::resend(Seq seq, Nanos now, bool is_probe, Outgoing& out) {
  board_.resend(seq, now, num_delivered_, is_probe);
  ++num_resent_;
  if (!is_probe) {
    if (first_retransmission_ms_ == 0) first_retransmission_ms_ = now / kMillisecond;
    undo_retransmissions_ = std::max<std::int64_t>(undo_retransmissions_, 0) + 1;
  }
  emit(seq, now, out);
}

void Sender::send_lost(Nanos now, Outgoing& out) {
  bool rearm = false;
  Seq seq = std::max(first_lost_, board_.first());
  for (; seq < board_.next() && board_.num_retransmitted() < board_.num_lost(); ++seq) {
    if (board_.in_flight() >= window_) break;
    const Segment& segment = board_.at(seq);
    if (!segment.is_lost || segment.is_retransmission) continue;
    resend(seq, now, false, out);
    if (is_reducing()) ++reduction_sent_;
    if (seq == board_.first() && pending_ != Timer::Reordering) rearm = true;
  }
  first_lost_ = seq;
  if (rearm) set_timer(now, Timer::Retransmission, round_trip_.timeout_ticks());
}

}  // namespace labtwin::network
