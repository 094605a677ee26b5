#include "sim/service/step_links.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace labtwin::service {
namespace {

constexpr double kSame = 1e-6;

}  // namespace

StepLinks::StepLinks(Engine& engine, Bus& bus, std::vector<topology::LaneUse> lanes, OwnerId owner,
                     std::function<void()> on_change)
    : engine_(&engine),
      bus_(&bus),
      on_change_(std::move(on_change)),
      stream_(bus, {.lanes = std::move(lanes), .cap = {}}, owner, [this] { changed(); }) {}

void StepLinks::begin(const serving::StepTraffic& traffic, Seconds alone) {
  note();
  if (!(traffic.bytes > Bytes{})) return end();
  traffic_ = traffic;
  alone_ = alone;
  is_active_ = true;
  stretch_ = 1.0;
  stream_.set_turns(average());
  changed();
}

void StepLinks::end() {
  note();
  is_active_ = false;
  stretch_ = 1.0;
  stream_.set_cap({});
}

// What a turn takes alone grows as the share of the links shrinks, whatever part of them an exchange makes use of: its packets
// queue with everybody's.
double StepLinks::wanted_stretch() const {
  return 1.0 + (traffic_.on_links / alone_) * (1.0 / std::min(1.0, stream_.turn_share()) - 1.0);
}

void StepLinks::changed() {
  if (!is_active_) return;
  note();
  culprits_ = stream_.culprits();
  if (const auto lane = stream_.turn_bottleneck()) held_by_ = bus_->resource(*lane);
  const double wanted = wanted_stretch();
  if (std::abs(wanted - stretch_) <= kSame * stretch_) return;
  stretch_ = wanted;
  stream_.set_cap(average());
  on_change_();
}

double& StepLinks::lost_to(ResourceId link, OwnerId culprit) {
  const auto found = std::find_if(losses_.begin(), losses_.end(),
                                  [&](const Loss& loss) { return loss.link == link && loss.culprit == culprit; });
  if (found != losses_.end()) return lost_[static_cast<std::size_t>(found - losses_.begin())];
  losses_.push_back({link, culprit});
  return lost_.emplace_back(0.0);
}

void StepLinks::note() {
  const double elapsed = (engine_->now() - noted_at_).value();
  noted_at_ = engine_->now();
  if (!is_active_ || stretch_ <= 1.0) return;
  for (const Bus::Culprit& culprit : culprits_) {
    lost_to(held_by_, culprit.owner) += elapsed * (1.0 - 1.0 / stretch_) * culprit.share;
  }
}

const StepLinks::Moment& StepLinks::moment() {
  note();
  return lost_;
}

Seconds StepLinks::charge(const Moment& from, Seconds limit, Timeline& timeline) {
  note();
  const auto since = [&](std::size_t i) { return lost_[i] - (i < from.size() ? from[i] : 0.0); };
  double total = 0.0;
  for (std::size_t i = 0; i < lost_.size(); ++i) total += since(i);
  if (total <= 0.0 || limit <= Seconds{}) return {};
  const double scale = std::min(1.0, limit.value() / total);
  Seconds charged;
  for (std::size_t i = 0; i < lost_.size(); ++i) {
    const Seconds part = Seconds::from_base(since(i) * scale);
    if (part <= Seconds{}) continue;
    timeline.append(
        {.resource = losses_[i].link, .kind = DelayKind::Slowdown, .culprit = losses_[i].culprit, .duration = part});
    charged += part;
  }
  return charged;
}

}  // namespace labtwin::service
