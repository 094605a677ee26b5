#include "models/network/scoreboard.hpp"

#include <utility>

namespace labtwin::network {

void Scoreboard::grow() {
  std::vector<Segment> larger(2 * ring_.size());
  for (Seq seq = first_; seq < next_; ++seq) {
    larger[static_cast<std::size_t>(seq) & (larger.size() - 1)] = ring_[index(seq)];
  }
  ring_ = std::move(larger);
}

void Scoreboard::enter_order(Seq seq) noexcept {
  Segment& segment = entry(seq);
  segment.in_order = true;
  segment.sent_before = newest_;
  segment.sent_after = -1;
  if (newest_ >= 0) entry(newest_).sent_after = seq;
  newest_ = seq;
  if (oldest_ < 0) oldest_ = seq;
}

void Scoreboard::leave_order(Seq seq) noexcept {
  Segment& segment = entry(seq);
  if (!segment.in_order) return;
  segment.in_order = false;
  if (segment.sent_before >= 0) entry(segment.sent_before).sent_after = segment.sent_after;
  if (segment.sent_after >= 0) entry(segment.sent_after).sent_before = segment.sent_before;
  if (oldest_ == seq) oldest_ = segment.sent_after;
  if (newest_ == seq) newest_ = segment.sent_before;
}

void Scoreboard::push(const Segment& segment) {
  if (packets_out() == static_cast<std::int64_t>(ring_.size())) grow();
  const Seq seq = next_++;
  entry(seq) = segment;
  enter_order(seq);
}

void Scoreboard::pop() noexcept {
  leave_order(first_);
  const Segment& segment = at(first_);
  if (segment.is_sacked) --num_sacked_;
  if (segment.is_lost) --num_lost_;
  if (segment.is_retransmission) --num_retransmitted_;
  ++first_;
}

void Scoreboard::sack(Seq seq) noexcept {
  Segment& segment = entry(seq);
  if (segment.is_retransmission) {
    // A retransmission that is held on its way stays counted: both copies may arrive.
    if (segment.is_lost) {
      segment.is_retransmission = false;
      --num_retransmitted_;
    }
  }
  if (segment.is_lost) {
    segment.is_lost = false;
    --num_lost_;
  }
  segment.is_sacked = true;
  ++num_sacked_;
  if (seq + 1 > highest_sacked_) highest_sacked_ = seq + 1;
  leave_order(seq);
}

bool Scoreboard::mark_lost(Seq seq) noexcept {
  Segment& segment = entry(seq);
  if (segment.is_sacked) return false;
  if (segment.is_lost) {
    if (!segment.is_retransmission) return false;
    segment.is_retransmission = false;
    --num_retransmitted_;
    return true;
  }
  segment.is_lost = true;
  ++num_lost_;
  return true;
}

void Scoreboard::unmark_lost() noexcept {
  for (Seq seq = first_; seq < next_; ++seq) entry(seq).is_lost = false;
  num_lost_ = 0;
}

void Scoreboard::resend(Seq seq, Nanos now, std::int64_t num_delivered, bool is_probe) noexcept {
  Segment& segment = entry(seq);
  segment.sent = now;
  segment.delivered_before = num_delivered;
  segment.was_retransmitted = true;
  if (!is_probe && !segment.is_retransmission) {
    segment.is_retransmission = true;
    ++num_retransmitted_;
  }
  if (!segment.is_sacked) {
    leave_order(seq);
    enter_order(seq);
  }
}

}  // namespace labtwin::network
