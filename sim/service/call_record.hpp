#pragma once

#include <optional>

#include "models/base/device.hpp"
#include "models/base/units.hpp"
#include "sim/process/timeline.hpp"

namespace labtwin::service {

/// What a call to a service has been through so far. It belongs to the caller and outlives the call, so that a call that is
/// given up can be charged too.
class CallRecord {
 public:
  explicit CallRecord(OwnerId owner) noexcept : owner_(owner) {}

  [[nodiscard]] OwnerId owner() const noexcept { return owner_; }
  [[nodiscard]] const Timeline& timeline() const noexcept { return timeline_; }

  /// The call is about to wait for a resource; `culprit` is who occupies it most, if that is known.
  void waits_for(ResourceId resource, std::optional<OwnerId> culprit = std::nullopt) noexcept {
    pending_ = resource;
    culprit_ = culprit.value_or(owner_);
  }
  /// Who is to blame for what the call waits for now.
  [[nodiscard]] OwnerId culprit() const noexcept { return culprit_; }
  /// How a wait or a service went.
  void add(ResourceId resource, const Causes& causes) { timeline_.append(resource, causes); }
  void add(const Timeline& part) { timeline_.append(part); }
  void add_service(ResourceId resource, Seconds duration) {
    timeline_.append({.resource = resource, .kind = DelayKind::Service, .culprit = owner_, .duration = duration});
  }
  /// The call was given up after `elapsed`: what the timeline lacks was spent on what it waited for last.
  void give_up(Seconds elapsed) {
    const Seconds rest = elapsed - timeline_.total();
    if (rest <= Seconds{}) return;
    timeline_.append({.resource = pending_, .kind = DelayKind::Waiting, .culprit = culprit_, .duration = rest});
  }

 private:
  OwnerId owner_;
  OwnerId culprit_ = 0;
  ResourceId pending_ = 0;
  Timeline timeline_;
};

}  // namespace labtwin::service
