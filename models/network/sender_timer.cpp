// The timers of a sender: one is set at a time.

#include <algorithm>

#include "models/network/sender.hpp"

namespace labtwin::network {
namespace {

constexpr std::int64_t kTimerSlackUs = 2000;  // TCP_TIMEOUT_MIN_US

}  // namespace

void Sender::set_timer(Nanos now, Timer timer, std::int64_t ticks) {
  pending_ = timer;
  timer_at_ = clock_.expiry(now, ticks);
}

std::int64_t Sender::retransmission_due_us(Nanos now) const noexcept {
  const std::int64_t since = (now - board_.at(board_.first()).sent) / kMicrosecond;
  return clock_.to_microseconds(round_trip_.timeout_ticks()) - since;
}

void Sender::rearm_retransmission(Nanos now) {
  if (board_.packets_out() == 0) {
    pending_ = Timer::None;
    timer_at_ = kNever;
    return;
  }
  std::int64_t ticks = round_trip_.timeout_ticks();
  // Another timer stood in for this one meanwhile.
  if (pending_ == Timer::Reordering || pending_ == Timer::Probe) {
    ticks = clock_.to_ticks(std::max<std::int64_t>(retransmission_due_us(now), 1));
  }
  set_timer(now, Timer::Retransmission, ticks);
}

// Law:    a tail is probed after 2 SRTT + 2 ms; a lone packet, whose acknowledgement may be delayed, after 2 SRTT + 200 ms, or
//         the RTO if that is sooner.
// Source: RFC 8985, section 7; net/ipv4/tcp_output.c, tcp_schedule_loss_probe.
bool Sender::schedule_probe(Nanos now, bool restart) {
  if (board_.packets_out() == 0 || (state_ != State::Open && state_ != State::Reduced)) return false;
  std::int64_t wait = 1'000'000;
  if (round_trip_.has_sample()) {
    wait = round_trip_.smoothed8_us() / 4 + (board_.packets_out() == 1 ? kMinimumTimeoutUs : kTimerSlackUs);
  }
  std::int64_t ticks = clock_.to_ticks(wait);
  const std::int64_t due = restart ? clock_.to_microseconds(round_trip_.timeout_ticks()) : retransmission_due_us(now);
  if (due > 0) ticks = std::min(ticks, clock_.to_ticks(due));
  set_timer(now, Timer::Probe, ticks);
  return true;
}

void Sender::timer(Nanos now, Outgoing& out) {
  const Timer fired = pending_;
  timer_at_ = kNever;
  switch (fired) {
    case Timer::Probe:
      send_probe(now, out);
      break;
    case Timer::Reordering:
      reordering_timeout(now, out);
      break;
    case Timer::Retransmission:
      pending_ = Timer::None;
      retransmission_timeout(now, out);
      break;
    case Timer::None:
      break;
  }
}

void Sender::send_probe(Nanos now, Outgoing& out) {
  if (board_.packets_out() == 0) return rearm_retransmission(now);
  if (!probe_end_) {
    const Seq before = board_.next();
    probe_is_retransmission_ = false;
    if (board_.next() < end_ && board_.packets_out() < window_limit_) {
      send_segment(now, out);
      note_sent(now, 1, board_.in_flight() >= window_);
    }
    if (board_.next() == before) {
      resend(board_.next() - 1, now, true, out);
      probe_is_retransmission_ = true;
    }
    probe_end_ = board_.next();
    pending_ = Timer::None;
  }
  rearm_retransmission(now);
}

void Sender::reordering_timeout(Nanos now, Outgoing& out) {
  News news;
  const std::int64_t in_flight = board_.in_flight();
  static_cast<void>(mark_losses(now, news));
  if (board_.in_flight() != in_flight) {
    if (state_ != State::Recovery) {
      enter_recovery();
      reduce(1, news.newly_lost, false);
    }
    send_lost(now, out);
  }
  if (pending_ != Timer::Retransmission) rearm_retransmission(now);
}

void Sender::enter_loss(Nanos now) {
  const bool is_new = state_ < State::Recovery;
  first_lost_ = board_.first();
  for (Seq seq = board_.first(); seq < board_.next(); ++seq) {
    const Segment& segment = board_.at(seq);
    const std::int64_t remaining = latest_round_trip_us_ - (now - segment.sent) / kMicrosecond;
    if (seq != board_.first() && remaining > 0) continue;
    board_.mark_lost(seq);
    board_.leave_order(seq);
  }
  if (state_ <= State::Disorder || high_ <= board_.first() || (state_ == State::Loss && num_timeouts_ == 0)) {
    prior_slow_start_until_ = is_reducing() ? slow_start_until_ : std::max(slow_start_until_, window_ / 2 + window_ / 4);
    prior_window_ = window_;
    slow_start_until_ = cut();
    remember_for_undo();
  }
  window_ = board_.in_flight() + 1;
  increase_.reset();
  if (state_ <= State::Disorder && board_.num_sacked() >= kDuplicateThreshold) {
    reordering_ = std::min<std::int64_t>(reordering_, kDuplicateThreshold);
  }
  if (auto* cubic = std::get_if<Cubic>(&control_)) cubic->reset(view(now));
  state_ = State::Loss;
  high_ = board_.next();
  probe_end_.reset();
  is_frto_ = is_new || num_timeouts_ > 0;
}

void Sender::retransmission_timeout(Nanos now, Outgoing& out) {
  if (board_.packets_out() == 0) return;
  enter_loss(now);
  ++num_timeouts_;
  resend(board_.first(), now, false, out);
  round_trip_.back_off();
  set_timer(now, Timer::Retransmission, round_trip_.timeout_ticks());
}

}  // namespace labtwin::network
