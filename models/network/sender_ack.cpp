// What a sender reads from an acknowledgement.

#include <algorithm>

#include "models/network/sender.hpp"

namespace labtwin::network {

void Sender::acknowledged(Nanos now, const Packet& ack, Outgoing& out) {
  News news;
  news.has_data = ack.payload > 0;
  if (ack.ack < board_.first()) return;  // overtaken
  news.advanced = ack.ack > board_.first();
  if (news.advanced) num_timeouts_ = 0;
  const bool had_packets = board_.packets_out() > 0;
  const Seq prior_highest = board_.highest_sacked();
  if (ack.num_blocks > 0) read_blocks(now, ack, news);
  Resend resend = Resend::None;
  if (!had_packets) {
    if (news.duplicate) react(now, ack, news, resend);
    return;
  }
  read_cumulative(now, ack, news);
  adapt_reordering_window(news);
  if (news.lowest_reordered < prior_highest) note_reordering(news.lowest_reordered, prior_highest);
  if (probe_end_) end_probe(ack, news);
  const bool is_news = news.has_data || news.num_acknowledged > 0;
  if (!is_news || news.sacked || news.duplicate || state_ != State::Open) react(now, ack, news, resend);
  if (news.set_timer && !schedule_probe(now, true)) rearm_retransmission(now);
  if (is_reducing()) {
    reduce(news.delivered, news.newly_lost, news.advanced);
  } else if (reordering_ > kDuplicateThreshold ? news.advanced || news.sacked : news.num_acknowledged > 0) {
    grow_window(now, news);
  }
  if (resend == Resend::NewFirst) {
    const Seq before = board_.next();
    send_new(now, out);
    if (board_.next() == before) is_frto_ = false;
    if (board_.next() > high_) resend = Resend::None;
  }
  if (resend != Resend::None) send_lost(now, out);
  send_new(now, out);
}

// Duplicates that nobody sent twice are the work of the path and tell nothing.
void Sender::read_duplicate(Seq seq, News& news) {
  if (probe_end_ && *probe_end_ == seq + 1) news.duplicate_of_probe = true;
  if (++num_duplicates_ > num_resent_) return;
  news.duplicate = true;
  if (has_seen_reordering_ && !news.duplicate_of_probe) has_seen_duplicate_ = true;
  if (undo_from_ && undo_retransmissions_ > 0 && seq >= *undo_from_) --undo_retransmissions_;
}

void Sender::read_blocks(Nanos now, const Packet& ack, News& news) {
  std::size_t first = 0;
  if (ack.has_duplicate) {
    first = 1;
    read_duplicate(ack.blocks[0].begin, news);
  }
  const Seq prior_highest = board_.highest_sacked();
  for (std::size_t i = first; i < ack.num_blocks; ++i) {
    const SackBlock& block = ack.blocks[i];
    for (Seq seq = std::max(block.begin, board_.first()); seq < std::min(block.end, board_.next()); ++seq) {
      // Skip what earlier acknowledgements reported.
      for (std::size_t k = 0; k < num_known_blocks_; ++k) {
        if (seq >= known_blocks_[k].begin && seq < known_blocks_[k].end) seq = known_blocks_[k].end;
      }
      if (seq >= std::min(block.end, board_.next())) break;
      if (!board_.at(seq).is_sacked) sack(now, seq, prior_highest, news);
    }
  }
  num_known_blocks_ = 0;
  for (std::size_t i = first; i < ack.num_blocks; ++i) known_blocks_[num_known_blocks_++] = ack.blocks[i];
  const Seq highest = board_.highest_sacked();
  if (news.lowest_reordered < highest && (state_ != State::Loss || undo_from_)) note_reordering(news.lowest_reordered, highest);
  news.lowest_reordered = INT64_MAX;
}

void Sender::sack(Nanos now, Seq seq, Seq prior_highest, News& news) {
  const Segment segment = board_.at(seq);
  note_delivery(now, segment, seq, news);
  if (!segment.was_retransmitted) {
    if (seq < prior_highest) news.lowest_reordered = std::min(news.lowest_reordered, seq);
    if (seq < high_) news.original_arrived = true;
    if (news.first_sacked < 0) news.first_sacked = segment.sent;
    news.last_sacked = segment.sent;
  }
  board_.sack(seq);
  news.sacked = true;
}

void Sender::read_cumulative(Nanos now, const Packet& ack, News& news) {
  const bool is_new_window = ack.ack > round_trip_end_;
  while (board_.first() < std::min(ack.ack, board_.next())) {
    const Seq seq = board_.first();
    const Segment& segment = board_.at(seq);
    if (segment.was_retransmitted) {
      news.acknowledged_retransmission = true;
    } else if (!segment.is_sacked) {
      if (news.first_acknowledged < 0) news.first_acknowledged = segment.sent;
      news.last_acknowledged = segment.sent;
      news.lowest_reordered = std::min(news.lowest_reordered, seq);
      if (seq < high_) news.original_arrived = true;
    }
    if (!segment.is_sacked) note_delivery(now, segment, seq, news);
    ++news.num_acknowledged;
    board_.pop();
  }
  const bool has_round_trip = update_round_trip(now, ack, news, is_new_window);
  // What came behind the first hole sets the timer too, if it was sent after it.
  const auto sent_after_hole = [&] { return has_round_trip && news.first_sacked > board_.at(board_.first()).sent; };
  if (news.num_acknowledged > 0 || sent_after_hole()) news.set_timer = true;
}

bool Sender::update_round_trip(Nanos now, const Packet& ack, const News& news, bool is_new_window) {
  const auto since = [now](Nanos sent) { return (now - sent) / kMicrosecond; };
  std::int64_t sample = -1;
  std::int64_t latest = -1;
  if (news.first_acknowledged >= 0 && !news.acknowledged_retransmission) {
    sample = since(news.first_acknowledged);
    latest = since(news.last_acknowledged);
  }
  if (news.first_sacked >= 0) {
    if (sample < 0) sample = since(news.first_sacked);
    latest = since(news.last_sacked);
  }
  if (sample < 0 && news.num_acknowledged > 0) {
    sample = std::max<std::int64_t>(now / kMillisecond - ack.echo_ms, 1) * 1000;
    latest = sample;
  }
  if (auto* cubic = std::get_if<Cubic>(&control_); cubic != nullptr && latest >= 0 && news.num_acknowledged > 0) {
    if (cubic->sample(view(now), latest)) slow_start_until_ = window_;
  }
  if (sample < 0) return false;
  round_trip_.sample_minimum(latest);
  round_trip_.sample(sample, is_new_window);
  if (is_new_window) round_trip_end_ = board_.next();
  return true;
}

void Sender::grow_window(Nanos now, const News& news) {
  if (!is_window_limited()) return;
  std::int64_t acknowledged = news.delivered;
  if (in_slow_start()) {
    const std::int64_t grown = std::min(window_ + acknowledged, slow_start_until_);
    acknowledged -= grown - window_;
    window_ = grown;
    if (acknowledged == 0) return;
  }
  std::int64_t step = window_;
  if (auto* cubic = std::get_if<Cubic>(&control_)) step = cubic->packets_per_step(now, window_, acknowledged);
  window_ += increase_.acknowledged(step, acknowledged);
}

void Sender::note_reordering(Seq lowest, Seq highest) {
  constexpr std::int64_t kMostReordering = 300;
  reordering_ = std::max(reordering_, std::min(highest - lowest, kMostReordering));
  has_seen_reordering_ = true;
}

void Sender::end_probe(const Packet& ack, const News& news) {
  if (ack.ack < *probe_end_) return;
  const bool lost_nothing = !probe_is_retransmission_ || news.duplicate_of_probe;
  if (!lost_nothing && ack.ack > *probe_end_) {
    begin_reduction();
    state_ = State::Reduced;
    end_reduction();
    keep_open();
  } else if (lost_nothing || (!news.advanced && !news.has_data && !news.sacked)) {
    probe_end_.reset();
  }
}

}  // namespace labtwin::network
