#include "models/network/receiver.hpp"

#include <algorithm>
#include <utility>

#include "models/network/round_trip.hpp"

namespace labtwin::network {
namespace {

constexpr int kMaxQuickAcks = 16;
constexpr std::int64_t kMinDelayUs = 40'000;
constexpr std::int64_t kMaxDelayUs = 500'000;
// After three duplicate acknowledgements the sender knows.
constexpr int kDuplicateAcks = 3;
constexpr int kMaxGathered = 44;
constexpr std::size_t kExpectedBlocks = 2;
constexpr Nanos kGatherLimit = kMillisecond;
constexpr Nanos kGatherSlack = 100 * kMicrosecond;

}  // namespace

void Receiver::answered(Nanos now) noexcept {
  if (last_arrival_ >= 0 && (now - last_arrival_) / kMicrosecond < gap_us_) is_interactive_ = true;
}

// Law:    a delayed acknowledgement that nothing carried doubles the next delay, or ends the belief that data will carry it.
// Source: net/ipv4/tcp_timer.c, tcp_delack_timer_handler.
void Receiver::timer(Nanos now) noexcept {
  if (delayed_ > now) return;
  gap_us_ = is_interactive_ ? kMinDelayUs : std::min(2 * gap_us_, kMaxDelayUs);
  is_interactive_ = false;
}

// Source: net/ipv4/tcp_input.c, tcp_event_data_recv.
void Receiver::measure_gap(Nanos now, std::int64_t round_trip_us) noexcept {
  if (last_arrival_ < 0) {
    quick_ = kMaxQuickAcks;
    gap_us_ = kMinDelayUs;
  } else {
    const std::int64_t gap = (now - last_arrival_) / kMicrosecond;
    if (gap <= kMinDelayUs / 2) {
      gap_us_ = gap_us_ / 2 + kMinDelayUs / 2;
    } else if (gap < gap_us_) {
      gap_us_ = gap_us_ / 2 + gap;
    } else if (gap > kMinimumTimeoutUs + round_trip_us) {
      quick_ = std::max(quick_, kMaxQuickAcks);  // the sender seems to have timed out
    }
  }
  last_arrival_ = now;
}

bool Receiver::arrive(Nanos now, const Packet& packet, std::int64_t round_trip_us) {
  if (packet.seq <= acknowledged_) echo_ms_ = packet.stamp_ms;
  if (packet.seq < next_ || (packet.seq < highest_ && ring_[index(packet.seq)] != 0)) {
    has_duplicate_ = true;
    duplicate_ = {packet.seq, packet.seq + 1};
    if (packet.seq >= next_) return check_acknowledgement(now, round_trip_us);
    quick_ = std::max(quick_, kMaxQuickAcks);
    is_interactive_ = false;
    gap_us_ = kMinDelayUs;
    return true;
  }
  if (packet.seq == next_) {
    measure_gap(now, round_trip_us);
    arrive_in_order();
    if (packet.ends_message && !is_interactive_) must_answer_ = true;
  } else if (arrive_early(packet)) {
    must_answer_ = true;
  }
  return check_acknowledgement(now, round_trip_us);
}

void Receiver::arrive_in_order() {
  ++next_;
  highest_ = std::max(highest_, next_);
  if (num_early_ == 0) return;
  while (next_ < highest_ && ring_[index(next_)] != 0) {
    ring_[index(next_)] = 0;
    ++next_;
    --num_early_;
  }
  if (num_early_ == 0) must_answer_ = true;
  drop_filled_blocks();
}

bool Receiver::arrive_early(const Packet& packet) {
  while (packet.seq - next_ >= static_cast<Seq>(ring_.size())) {
    std::vector<unsigned char> larger(2 * ring_.size(), 0);
    for (Seq seq = next_; seq < highest_; ++seq)
      larger[static_cast<std::size_t>(seq) & (larger.size() - 1)] = ring_[index(seq)];
    ring_ = std::move(larger);
  }
  ring_[index(packet.seq)] = 1;
  highest_ = std::max(highest_, packet.seq + 1);
  ++num_early_;
  return add_block(packet.seq);
}

bool Receiver::add_block(Seq seq) {
  std::size_t at = 0;
  while (at < num_blocks_ && blocks_[at].end != seq && blocks_[at].begin != seq + 1) ++at;
  bool flush = at >= kExpectedBlocks && num_gathered_ > 0;
  if (at < num_blocks_) {
    blocks_[at].begin = std::min(blocks_[at].begin, seq);
    blocks_[at].end = std::max(blocks_[at].end, seq + 1);
    std::rotate(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(at),
                blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    for (std::size_t i = 1; i < num_blocks_;) {
      if (blocks_[i].begin != blocks_[0].end && blocks_[i].end != blocks_[0].begin) {
        ++i;
        continue;
      }
      blocks_[0] = {std::min(blocks_[0].begin, blocks_[i].begin), std::max(blocks_[0].end, blocks_[i].end)};
      std::move(blocks_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                blocks_.begin() + static_cast<std::ptrdiff_t>(num_blocks_), blocks_.begin() + static_cast<std::ptrdiff_t>(i));
      --num_blocks_;
    }
    return flush;
  }
  num_blocks_ = std::min(num_blocks_ + 1, kMaxBlocks);
  std::move_backward(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(num_blocks_) - 1,
                     blocks_.begin() + static_cast<std::ptrdiff_t>(num_blocks_));
  blocks_[0] = {seq, seq + 1};
  return flush;
}

void Receiver::drop_filled_blocks() noexcept {
  const auto end = std::remove_if(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(num_blocks_),
                                  [&](const SackBlock& block) { return block.begin < next_; });
  num_blocks_ = static_cast<std::size_t>(end - blocks_.begin());
}

bool Receiver::check_acknowledgement(Nanos now, std::int64_t round_trip_us) {
  if (next_ - acknowledged_ > 1 || must_answer_ || (quick_ > 0 && !is_interactive_)) return true;
  if (num_early_ > 0) return gather(now, round_trip_us);
  if (delayed_ == kNever) delayed_ = clock_.expiry(now, clock_.to_ticks(std::min(gap_us_, longest_delay_us(round_trip_us))));
  return false;
}

// Source: net/ipv4/tcp_output.c, tcp_send_delayed_ack.
std::int64_t Receiver::longest_delay_us(std::int64_t round_trip_us) const noexcept {
  constexpr std::int64_t kLongestUs = 500'000;
  constexpr std::int64_t kLongestInteractiveUs = 200'000;
  return std::min(is_interactive_ ? kLongestInteractiveUs : kLongestUs, std::max(round_trip_us, kMinDelayUs));
}

bool Receiver::gather(Nanos now, std::int64_t round_trip_us) {
  if (num_gathered_ >= kMaxGathered) return true;
  if (gathered_for_ != next_) {
    gathered_for_ = next_;
    num_duplicate_acks_ = 0;
  }
  if (num_duplicate_acks_ < kDuplicateAcks) {
    ++num_duplicate_acks_;
    return true;
  }
  ++num_gathered_;
  if (gathered_ == kNever) gathered_ = now + std::min(kGatherLimit, round_trip_us * kMicrosecond / 20) + kGatherSlack;
  return false;
}

void Receiver::acknowledge(Packet& packet) noexcept {
  packet.ack = next_;
  packet.echo_ms = echo_ms_;
  packet.num_blocks = 0;
  packet.has_duplicate = has_duplicate_;
  if (has_duplicate_) packet.blocks[packet.num_blocks++] = duplicate_;
  for (std::size_t i = 0; i < num_blocks_ && packet.num_blocks < kMaxSackBlocks; ++i) {
    packet.blocks[packet.num_blocks++] = blocks_[i];
  }
  has_duplicate_ = false;
  acknowledged_ = next_;
  must_answer_ = false;
  if (quick_ > 0) --quick_;
  num_gathered_ = 0;
  delayed_ = kNever;
  gathered_ = kNever;
}

}  // namespace labtwin::network
