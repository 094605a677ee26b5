#include "models/network/sender.hpp"

#include <algorithm>

namespace labtwin::network {
namespace {

constexpr std::int64_t kInitialWindow = 10;

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

void Sender::emit(Seq seq, Nanos now, Outgoing& out) const {
  const Segment& segment = board_.at(seq);
  out.push_back({.seq = seq, .payload = segment.payload, .stamp_ms = now / kMillisecond});
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

void Sender::send_new(Nanos now, Outgoing& out, bool is_probe) {
  std::int64_t num_sent = 0;
  while (board_.next() < end_) {
    if (!is_probe && board_.in_flight() >= window_) break;
    if (board_.packets_out() >= window_limit_) break;
    if (board_.in_flight() == 0) {
      if (auto* cubic = std::get_if<Cubic>(&control_)) cubic->resumed(now, last_sent_);
    }
    last_sent_ = now;
    const bool was_empty = board_.packets_out() == 0;
    const bool is_last = board_.next() + 1 == messages_.front().end;
    board_.push(is_last ? messages_.front().last_payload : segment_bytes_, now);
    if (is_last) messages_.pop_front();
    emit(board_.next() - 1, now, out);
    ++num_sent;
    if (was_empty || pending_ == Timer::Probe) rearm_retransmission(now);
    if (is_probe) break;
  }
  if (is_reducing()) reduction_sent_ += num_sent;
  const bool is_limited = board_.in_flight() >= window_;
  if (num_sent > 0 && !is_probe) static_cast<void>(schedule_probe(now, false));
  if (num_sent > 0 || is_limited) validate_window(now, is_limited);
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
  board_.resend(seq, now, is_probe);
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
