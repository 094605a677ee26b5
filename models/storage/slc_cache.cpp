#include "models/storage/slc_cache.hpp"

#include <algorithm>

namespace labtwin::storage {

Bytes SlcCache::room(Seconds now) const {
  const Seconds idle = std::max(Seconds{}, now - busy_end_);
  return std::min(parameters_.size, room_ + parameters_.refill_rate * idle);
}

Seconds SlcCache::write(Seconds now, Bytes size, Seconds busy) {
  const Bytes fits = std::min(room(now), size);
  const Bytes beyond = size - fits;
  room_ = room(now) - fits;
  busy_end_ =
      std::max(now, busy_end_) + busy * (fits / size) + std::max(beyond / parameters_.direct_rate, busy * (beyond / size));
  return beyond > Bytes{} ? busy_end_ : Seconds{};
}

void SlcCache::busy_until(Seconds end) {
  if (end <= busy_end_) return;
  busy_end_ = end;
}

BytesPerSecond SlcCache::taken_by(BytesPerSecond rate, double busy_share) const {
  return rate - parameters_.refill_rate * std::max(0.0, 1.0 - busy_share);
}

void SlcCache::stream(Seconds since, Seconds now, BytesPerSecond rate, double busy_share) {
  room_ = std::clamp(room(since) - taken_by(rate, busy_share) * (now - since), Bytes{}, parameters_.size);
  busy_end_ = now;
}

}  // namespace labtwin::storage
