#include "sim/service/bus.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace labtwin::service {
namespace {

using topology::FairRate;
using topology::LaneId;
using topology::LaneUse;
using topology::StreamDemand;

// Averages of streams that move in turns depend on each other: two or three rounds settle them.
constexpr int kMostRounds = 8;
constexpr double kSame = 1e-6;

bool differs(const FairRate& a, const FairRate& b) {
  return a.bottleneck != b.bottleneck || std::abs((a.rate - b.rate).value()) > kSame * std::max(a.rate, b.rate).value();
}

}  // namespace

Bus::Bus(Engine& engine, const topology::Topology& tree, std::vector<ResourceId> resources)
    : engine_(&engine), tree_(&tree), resources_(std::move(resources)), lanes_(2 * tree.links().size()) {
  for (const topology::Link& link : tree.links()) capacities_.insert(capacities_.end(), 2, link.bandwidth);
}

Task<> Bus::copy(StreamDemand demand, Bytes bytes, OwnerId owner) {
  Copy copy(*engine_, *this, std::move(demand), bytes, owner);
  co_await copy.done();
}

Bus::Copy::Copy(Engine& engine, Bus& bus, StreamDemand demand, Bytes bytes, OwnerId owner)
    : engine_(&engine),
      left_(bytes),
      noted_at_(engine.now()),
      done_(engine),
      alarm_(engine, [this] { end(); }),
      stream_(bus, std::move(demand), owner, [this] { arm(); }) {
  arm();
}

void Bus::Copy::end() {
  stream_.set_cap({});
  alarm_.clear();
  done_.complete();
}

void Bus::Copy::arm() {
  left_ -= rate_ * (engine_->now() - noted_at_);
  noted_at_ = engine_->now();
  rate_ = stream_.rate();
  if (rate_ > BytesPerSecond{}) {
    alarm_.set(engine_->now() + std::max(Bytes{}, left_) / rate_);
  } else {
    alarm_.clear();
  }
}

void Bus::advance() {
  const double elapsed = (engine_->now() - advanced_to_).value();
  advanced_to_ = engine_->now();
  if (elapsed == 0.0) return;
  for (Lane& lane : lanes_) {
    lane.moved += elapsed * lane.rate;
    lane.waiting += elapsed * lane.held;
  }
  for (Stream* stream : streams_) stream->moved_ += elapsed * stream->fair_.rate.value();
}

Seconds Bus::busy_time(topology::LinkId link) {
  advance();
  const std::size_t forward = std::size_t{2} * link;
  const double most = std::max(lanes_.at(forward).moved, lanes_.at(forward + 1).moved);
  return Bytes::from_base(most) / tree_->link(link).bandwidth;
}

Bytes Bus::moved(LaneId lane) {
  advance();
  return Bytes::from_base(lanes_.at(lane).moved);
}

Seconds Bus::waiting_time(topology::LinkId link) {
  advance();
  const std::size_t forward = std::size_t{2} * link;
  return Seconds::from_base(lanes_.at(forward).waiting + lanes_.at(forward + 1).waiting);
}

void Bus::settle() {
  is_unsettled_ = true;
  if (is_settling_) return;
  is_settling_ = true;
  advance();
  for (int round = 0; is_unsettled_ && round < kMostRounds; ++round) {
    is_unsettled_ = false;
    solve();
    // Whoever is told may change what it asks for, but opens and closes no stream.
    for (Stream* stream : streams_) {
      if (std::exchange(stream->has_changed_, false) && stream->on_change_) stream->on_change_();
    }
  }
  is_settling_ = false;
}

void Bus::solve() {
  ++num_solved_;
  const auto take = [](Stream& stream, FairRate& old, const FairRate& now) {
    if (!differs(old, now)) return;
    old = now;
    stream.has_changed_ = true;
  };
  demands_.clear();
  for (const Stream* stream : streams_) demands_.push_back(&stream->demand_);
  const std::vector<FairRate> rates = topology::fair_rates(capacities_, demands_);
  for (Lane& lane : lanes_) lane.rate = lane.held = 0.0;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    take(*streams_[i], streams_[i]->fair_, rates[i]);
    for (const LaneUse& use : streams_[i]->demand_.lanes) lanes_[use.lane].rate += use.crossings * rates[i].rate.value();
    if (rates[i].bottleneck) lanes_[*rates[i].bottleneck].held += 1.0;
  }
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = *streams_[i];
    if (!stream.has_turns_) continue;
    const StreamDemand in_turn{.lanes = stream.demand_.lanes};
    demands_[i] = &in_turn;
    take(stream, stream.turn_, topology::fair_rates(capacities_, demands_)[i]);
    demands_[i] = &stream.demand_;
  }
}

BytesPerSecond Bus::alone(const std::vector<LaneUse>& lanes) const {
  BytesPerSecond rate = StreamDemand{}.cap;
  for (const LaneUse& use : lanes) rate = std::min(rate, capacities_.at(use.lane) / use.crossings);
  return rate;
}

std::vector<Bus::Culprit> Bus::culprits(const Stream& stream) const {
  const std::optional<LaneId> lane = stream.has_turns_ ? stream.turn_.bottleneck : stream.fair_.bottleneck;
  return lane ? culprits_on(*lane, &stream) : std::vector<Culprit>{};
}

std::vector<Bus::Culprit> Bus::culprits_on(LaneId lane, const Stream* beside) const {
  std::vector<Culprit> found;
  double total = 0.0;
  for (const Stream* other : streams_) {
    if (other == beside) continue;
    for (const LaneUse& use : other->demand_.lanes) {
      const double rate = use.crossings * other->fair_.rate.value();
      if (use.lane != lane || rate <= 0.0) continue;
      const auto same = std::find_if(found.begin(), found.end(), [&](const Culprit& c) { return c.owner == other->owner_; });
      if (same == found.end()) {
        found.push_back({other->owner_, rate});
      } else {
        same->share += rate;
      }
      total += rate;
    }
  }
  for (Culprit& culprit : found) culprit.share /= total;
  return found;
}

Bus::Crossing::Crossing(Bus& bus, std::vector<LaneUse> lanes)
    : bus_(&bus), demand_{.lanes = std::move(lanes), .cap = {}}, alone_(bus.alone(demand_.lanes)) {
  demand_.cap = alone_;
  now_.rate = alone_;
}

void Bus::Crossing::look() {
  if (seen_ == bus_->num_solved_) return;
  seen_ = bus_->num_solved_;
  std::vector<const StreamDemand*> demands;
  for (const Stream* stream : bus_->streams_) demands.push_back(&stream->demand_);
  demands.push_back(&demand_);
  now_ = topology::fair_rates(bus_->capacities_, demands).back();
}

Seconds Bus::Crossing::lateness(Bytes bytes) {
  if (bus_->streams_.empty() || demand_.lanes.empty()) return {};
  look();
  return now_.rate < alone_ * (1.0 - kSame) ? bytes / now_.rate - bytes / alone_ : Seconds{};
}

std::vector<Bus::Culprit> Bus::Crossing::culprits() const {
  return now_.bottleneck ? bus_->culprits_on(*now_.bottleneck, nullptr) : std::vector<Culprit>{};
}

Bus::Stream::Stream(Bus& bus, StreamDemand demand, OwnerId owner, std::function<void()> on_change)
    : bus_(&bus), demand_(std::move(demand)), owner_(owner), alone_(bus.alone(demand_.lanes)) {
  bus_->advance();
  bus_->streams_.push_back(this);
  bus_->settle();
  on_change_ = std::move(on_change);
}

Bus::Stream::~Stream() {
  bus_->advance();
  std::erase(bus_->streams_, this);
  bus_->settle();
}

Bytes Bus::Stream::moved() {
  bus_->advance();
  return Bytes::from_base(moved_);
}

void Bus::Stream::set_cap(BytesPerSecond cap) {
  if (cap == demand_.cap) return;
  demand_.cap = cap;
  bus_->settle();
}

void Bus::Stream::set_turns(BytesPerSecond average) {
  if (has_turns_ && demand_.cap == average) return;
  has_turns_ = true;
  demand_.cap = average;
  bus_->settle();
}

}  // namespace labtwin::service
