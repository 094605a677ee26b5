#include "sim/process/timeline.hpp"

#include <algorithm>

#include "models/base/error.hpp"

namespace labtwin {

void Timeline::add(const Segment& segment) {
  LABTWIN_CHECK(segment.duration >= Seconds{}, "time that went backwards");
  if (segment.duration == Seconds{}) return;
  // From the back: what repeats is usually recent.
  const auto place =
      std::find_if(segments_.rbegin(), segments_.rend(), [&](const Segment& s) { return s.same_place(segment); });
  if (place != segments_.rend()) {
    place->duration += segment.duration;
  } else {
    segments_.push_back(segment);
  }
}

void Timeline::append(const Segment& segment) {
  add(segment);
  ++num_pieces_;
}

void Timeline::append(ResourceId resource, const Causes& causes) {
  for (const Cause& cause : causes) append({resource, cause.kind, cause.culprit, cause.duration});
}

void Timeline::append(const Timeline& child) {
  for (const Segment& segment : child.segments_) add(segment);
  num_pieces_ += child.num_pieces_;
}

Seconds Timeline::total() const noexcept {
  Seconds sum;
  for (const Segment& segment : segments_) sum += segment.duration;
  return sum;
}

}  // namespace labtwin
