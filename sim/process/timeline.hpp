#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/units.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin {

/// A part of a sojourn time: where it was spent, on what, and whose work was the reason. Service and policy have the asker
/// itself as culprit.
struct Segment {
  ResourceId resource = 0;
  DelayKind kind = DelayKind::Service;
  OwnerId culprit = 0;
  Seconds duration;

  [[nodiscard]] bool same_place(const Segment& other) const noexcept {
    return resource == other.resource && kind == other.kind && culprit == other.culprit;
  }
};

/// Where a request's time went, appended as it lives. The durations sum to its sojourn time. Stretches on one resource of one
/// kind and culprit are kept as one segment, so a request of ten thousand reads stays small; what is kept is how much, not
/// when.
class Timeline {
 public:
  void append(const Segment& segment);
  /// What a device, a resource or a transfer said about one piece of work.
  void append(ResourceId resource, const Causes& causes);
  /// After a join: the timeline of the child that owns the time, which is the last to end of a `wait_all` (its `last`) and the
  /// winner of a `wait_any`.
  void append(const Timeline& child);

  [[nodiscard]] std::span<const Segment> segments() const noexcept { return segments_; }
  [[nodiscard]] Seconds total() const noexcept;
  /// How many stretches were appended; what bounds the rounding of `total`.
  [[nodiscard]] std::uint64_t num_pieces() const noexcept { return num_pieces_; }

 private:
  void add(const Segment& segment);

  std::vector<Segment> segments_;
  std::uint64_t num_pieces_ = 0;
};

}  // namespace labtwin
