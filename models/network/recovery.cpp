// How a sender finds losses and what it does to its window.

#include <algorithm>

#include "models/network/sender.hpp"

namespace labtwin::network {
namespace {

constexpr std::int64_t kTimerSlackUs = 2000;  // TCP_TIMEOUT_MIN_US
constexpr int kRecoveriesToKeepWindow = 16;   // TCP_RACK_RECOVERY_THRESH

}  // namespace

// Law:    RACK: a segment is lost when one sent later has arrived and its own round trip and the reordering window are over.
// Source: RFC 8985; net/ipv4/tcp_recovery.c.
void Sender::note_delivery(Nanos now, const Segment& segment, Seq seq, News& news) {
  ++news.delivered;
  ++num_delivered_;
  if (segment.sent > news.newest_sent || (segment.sent == news.newest_sent && seq > news.newest_seq)) {
    news.newest_sent = segment.sent;
    news.newest_seq = seq;
    news.delivered_before = segment.delivered_before;
  }
  const std::int64_t round_trip = (now - segment.sent) / kMicrosecond;
  if (segment.was_retransmitted && round_trip < round_trip_.minimum_us()) return;
  has_progressed_ = true;
  latest_round_trip_us_ = round_trip;
  if (segment.sent > latest_sent_ || (segment.sent == latest_sent_ && seq > latest_seq_)) {
    latest_sent_ = segment.sent;
    latest_seq_ = seq;
  }
}

// Law:    once a round trip, duplicates widen the reordering window by a quarter of the smallest round trip; it stays so for 16
//         recoveries.
// Source: RFC 8985, section 6.2; net/ipv4/tcp_recovery.c, tcp_rack_update_reo_wnd.
void Sender::adapt_reordering_window(const News& news) {
  constexpr std::int64_t kMostQuarters = 255;
  if (news.delivered_before == 0) return;
  if (news.delivered_before < window_adapted_at_) has_seen_duplicate_ = false;
  if (has_seen_duplicate_) {
    has_seen_duplicate_ = false;
    reordering_quarters_ = std::min(reordering_quarters_ + 1, kMostQuarters);
    window_adapted_at_ = num_delivered_;
    num_recoveries_to_keep_window_ = kRecoveriesToKeepWindow;
  } else if (num_recoveries_to_keep_window_ == 0) {
    reordering_quarters_ = 1;
  }
}

std::int64_t Sender::reordering_window_us() const noexcept {
  if (!has_seen_reordering_) {
    if (state_ >= State::Recovery) return 0;
    if (board_.num_sacked() >= reordering_) return 0;
  }
  return std::min(round_trip_.minimum_us() / 4 * reordering_quarters_, round_trip_.smoothed_us());
}

std::int64_t Sender::mark_losses(Nanos now, News& news) {
  const std::int64_t window = reordering_window_us();
  std::int64_t longest = 0;
  for (Seq seq = board_.oldest_sent(); seq >= 0;) {
    const Segment& segment = board_.at(seq);
    const Seq next = segment.sent_after;
    const bool earlier = segment.sent < latest_sent_ || (segment.sent == latest_sent_ && seq < latest_seq_);
    if (!earlier) break;
    const std::int64_t remaining = latest_round_trip_us_ + window - (now - segment.sent) / kMicrosecond;
    if (remaining <= 0) {
      if (segment.is_retransmission) news.lost_retransmission = true;
      if (board_.mark_lost(seq)) ++news.newly_lost;
      board_.leave_order(seq);
      first_lost_ = std::min(first_lost_, seq);
    } else {
      longest = std::max(longest, remaining);
    }
    seq = next;
  }
  return longest;
}

void Sender::detect_losses(Nanos now, News& news) {
  if (board_.packets_out() == 0 || !has_progressed_) return;
  has_progressed_ = false;
  const std::int64_t wait = mark_losses(now, news);
  if (wait == 0) return;
  const std::int64_t ticks = clock_.to_ticks(wait + kTimerSlackUs);
  set_timer(now, Timer::Reordering, std::min(ticks, round_trip_.timeout_ticks()));
  news.set_timer = false;
}

void Sender::react(Nanos now, const Packet& ack, News& news, Resend& resend) {
  if (state_ == State::Open) {
    first_retransmission_ms_ = 0;
  } else if (board_.first() >= high_) {
    if (state_ == State::Reduced && board_.first() != high_) {
      end_reduction();
      state_ = State::Open;
    } else if (state_ == State::Recovery) {
      undo_at_the_end(ack);
      end_reduction();
    }
  }
  if (state_ == State::Recovery) {
    if (news.advanced && undo_partly(ack)) return;
    undo_by_duplicates();
    detect_losses(now, news);
    if (state_ != State::Recovery) {
      if (board_.num_lost() == 0) return;
      enter_recovery();
    }
    resend = Resend::Lost;
    return;
  }
  if (state_ == State::Loss) {
    process_loss_state(ack, news, resend);
    detect_losses(now, news);
    if (state_ != State::Open && !news.lost_retransmission) return;
  } else {
    if (state_ <= State::Disorder) undo_by_duplicates();
    detect_losses(now, news);
  }
  if (board_.num_lost() == 0) {
    if (!has_retransmitted()) first_retransmission_ms_ = 0;
    if (state_ != State::Reduced) keep_open();
    return;
  }
  enter_recovery();
  resend = Resend::Lost;
}

// Law:    F-RTO: the first acknowledgement after a timeout lets new data out; if they or what was sent once arrive, the
//         timeout was for nothing.
// Source: RFC 5682; net/ipv4/tcp_input.c, tcp_process_loss.
void Sender::process_loss_state(const Packet& ack, const News& news, Resend& resend) {
  const bool has_recovered = board_.first() >= high_;
  if (news.advanced && undo_loss(ack, false)) return;
  if (is_frto_) {
    if (news.original_arrived && undo_loss(ack, true)) return;
    if (board_.next() > high_) {
      if (news.sacked || (!news.advanced && !news.has_data)) is_frto_ = false;
    } else if (news.advanced && !has_recovered) {
      high_ = board_.next();
      if (board_.next() < end_ && board_.packets_out() < window_limit_) {
        resend = Resend::NewFirst;
        return;
      }
      is_frto_ = false;
    }
  }
  if (has_recovered) {
    undo_at_the_end(ack);
    return;
  }
  resend = Resend::Lost;
}

std::int64_t Sender::cut() {
  if (auto* cubic = std::get_if<Cubic>(&control_)) return cubic->cut(window_);
  return std::max<std::int64_t>(window_ / 2, 2);
}

void Sender::begin_reduction() {
  high_ = board_.next();
  probe_end_.reset();
  increase_.reset();
  prior_window_ = window_;
  reduction_delivered_ = 0;
  reduction_sent_ = 0;
  slow_start_until_ = cut();
}

// Law:    Proportional rate reduction with the slow-start bound.
// Source: RFC 6937; net/ipv4/tcp_input.c, tcp_cwnd_reduction.
void Sender::reduce(std::int64_t delivered, std::int64_t newly_lost, bool advanced) {
  if (delivered <= 0 || prior_window_ == 0) return;
  reduction_delivered_ += delivered;
  const std::int64_t room = slow_start_until_ - board_.in_flight();
  std::int64_t quota = 0;
  if (room < 0) {
    quota = (slow_start_until_ * reduction_delivered_ + prior_window_ - 1) / prior_window_ - reduction_sent_;
  } else {
    quota = std::max(reduction_delivered_ - reduction_sent_, delivered);
    if (advanced && newly_lost == 0) ++quota;
    quota = std::min(room, quota);
  }
  quota = std::max<std::int64_t>(quota, reduction_sent_ > 0 ? 0 : 1);
  window_ = board_.in_flight() + quota;
}

void Sender::end_reduction() {
  if (state_ == State::Reduced || undo_from_) window_ = slow_start_until_;
}

void Sender::remember_for_undo() {
  undo_from_ = board_.first();
  undo_retransmissions_ = board_.num_retransmitted();
  if (probe_end_ && probe_is_retransmission_) ++undo_retransmissions_;
  if (undo_retransmissions_ == 0) undo_retransmissions_ = -1;
}

void Sender::enter_recovery() {
  prior_slow_start_until_ = 0;
  remember_for_undo();
  if (!is_reducing()) {
    prior_slow_start_until_ = std::max(slow_start_until_, window_ / 2 + window_ / 4);
    begin_reduction();
  }
  state_ = State::Recovery;
}

// The time stamp that is echoed is older than the first retransmission: the original had arrived.
bool Sender::original_was_late(const Packet& ack) const noexcept {
  return first_retransmission_ms_ != 0 && ack.echo_ms < first_retransmission_ms_;
}

bool Sender::may_undo(const Packet& ack) const noexcept {
  return undo_from_ && (undo_retransmissions_ == 0 || original_was_late(ack));
}

void Sender::undo(bool unmark_lost) {
  if (unmark_lost) board_.unmark_lost();
  if (prior_slow_start_until_ > 0) {
    window_ = std::max(window_, prior_window_);
    slow_start_until_ = std::max(slow_start_until_, prior_slow_start_until_);
  }
  undo_from_.reset();
  has_progressed_ = true;
}

void Sender::undo_at_the_end(const Packet& ack) {
  if (may_undo(ack)) {
    undo(false);
  } else if (num_recoveries_to_keep_window_ > 0) {
    --num_recoveries_to_keep_window_;
  }
  state_ = State::Open;
}

void Sender::undo_by_duplicates() {
  if (!undo_from_ || undo_retransmissions_ != 0) return;
  num_recoveries_to_keep_window_ = std::min(num_recoveries_to_keep_window_ + 1, kRecoveriesToKeepWindow);
  undo(false);
  if (state_ != State::Reduced) keep_open();
}

bool Sender::undo_partly(const Packet& ack) {
  if (!undo_from_ || !original_was_late(ack)) return false;
  has_seen_reordering_ = true;
  if (board_.num_retransmitted() > 0) return true;
  undo(true);
  keep_open();
  return false;
}

bool Sender::undo_loss(const Packet& ack, bool spurious) {
  if (!spurious && !may_undo(ack)) return false;
  undo(true);
  num_timeouts_ = 0;
  state_ = State::Open;
  return true;
}

bool Sender::has_retransmitted() const noexcept {
  return board_.num_retransmitted() > 0 || (board_.packets_out() > 0 && board_.at(board_.first()).was_retransmitted);
}

void Sender::keep_open() {
  const bool is_clean = board_.num_sacked() + board_.num_lost() == 0 && !has_retransmitted();
  const State next = is_clean ? State::Open : State::Disorder;
  if (state_ == next) return;
  state_ = next;
  high_ = board_.next();
}

}  // namespace labtwin::network
