#include "models/network/handshake.hpp"

#include <algorithm>

namespace labtwin::network {
namespace {

constexpr std::int64_t kFirstWaitUs = 1'000'000;
constexpr int kMostSyns = 7;
constexpr int kLinearSyns = 4;
constexpr int kMostTimeouts = 5;

}  // namespace

Opening Handshake::run(Nanos begin) {
  client_timer_ = begin;
  for (;;) {
    const Nanos now = std::min({next(answers_), next(syns_), server_timer_, client_timer_});
    if (next(answers_) == now) return opened(take_next(answers_));
    if (next(syns_) == now) {
      take_syn(now);
    } else if (server_timer_ == now) {
      repeat_answer(now);
    } else if (num_syns_ == kMostSyns) {
      return {.at = now};
    } else {
      send_syn(now);
    }
  }
}

void Handshake::send_syn(Nanos now) {
  const Nanos arrival = to_server_->deliver_alone(now);
  if (arrival != kNever) syns_.push_back({.arrival = arrival, .sent = now});
  const int num_doublings = std::max(num_syns_ - kLinearSyns, 0);
  client_timer_ = clock_.expiry(now, clock_.to_ticks(kFirstWaitUs) << num_doublings);
  ++num_syns_;
}

void Handshake::take_syn(Nanos now) {
  const Travelling syn = take_next(syns_);
  if (!request_) request_ = syn;
  last_one_way_ = now - syn.sent;
  answer(now);
}

void Handshake::answer(Nanos now) {
  const Nanos arrival = to_client_->deliver_alone(now);
  if (arrival != kNever) answers_.push_back({.arrival = arrival, .sent = now, .echo = request_->sent});
  ++num_answers_;
  server_timer_ = clock_.expiry(now, clock_.to_ticks(kFirstWaitUs) << num_timeouts_);
}

void Handshake::repeat_answer(Nanos now) {
  if (num_timeouts_ < kMostTimeouts) {
    ++num_timeouts_;
    answer(now);
    return;
  }
  request_.reset();
  num_timeouts_ = 0;
  server_timer_ = kNever;
}

// Whole milliseconds where only time stamps tell, which packet was answered.
Opening Handshake::opened(const Travelling& answer) const {
  const auto by_stamps = [](Nanos from, Nanos to) {
    return std::max<std::int64_t>(to / kMillisecond - from / kMillisecond, 1) * (kMillisecond / kMicrosecond);
  };
  const Nanos round_trip = answer.arrival - answer.sent + last_one_way_;
  return {
      .at = answer.arrival,
      .is_open = true,
      .client_round_trip_us =
          num_syns_ == 1 ? (answer.arrival - answer.echo) / kMicrosecond : by_stamps(answer.echo, answer.arrival),
      .server_round_trip_us = num_answers_ == 1 ? round_trip / kMicrosecond : by_stamps(answer.sent, answer.sent + round_trip)};
}

Nanos Handshake::next(const std::vector<Travelling>& packets) noexcept {
  Nanos at = kNever;
  for (const Travelling& packet : packets) at = std::min(at, packet.arrival);
  return at;
}

Handshake::Travelling Handshake::take_next(std::vector<Travelling>& packets) {
  const auto first = std::min_element(packets.begin(), packets.end(),
                                      [](const Travelling& a, const Travelling& b) { return a.arrival < b.arrival; });
  const Travelling packet = *first;
  packets.erase(first);
  return packet;
}

}  // namespace labtwin::network
