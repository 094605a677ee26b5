#pragma once

// The part of a consumer SSD that is written one bit per cell: fast until it is full, emptied while the drive has nothing to
// do.

#include "models/base/units.hpp"

namespace labtwin::storage {

struct SlcCacheParameters {
  Bytes size;                  ///< that an empty cache takes, > 0
  BytesPerSecond direct_rate;  ///< host writes once the cache is full, > 0
  BytesPerSecond refill_rate;  ///< room made in a second without writes, >= 0
};

/// Law:    room falls by every byte written and grows by refill_rate while nothing is written, up to size; bytes that find no
///         room take 1 / direct_rate each. V bytes written at once into room u take min(V, u) / fast + max(0, V - u) / direct.
/// Inputs: times that do not fall, sizes > 0.
/// Valid:  large sequential writes; a size that does not change with the data written meanwhile. Left out: writes past a cache
///         that has room, the third stage of drives that must fold while they are written.
/// Source: fill tests of 18 consumer drives (calibration/data/consumer-ssds).
/// Error:  as good as the parameters of the drive; the closed form is a test.
class SlcCache {
 public:
  explicit SlcCache(const SlcCacheParameters& parameters) : parameters_(parameters), room_(parameters.size) {}

  [[nodiscard]] const SlcCacheParameters& parameters() const noexcept { return parameters_; }

  /// A write enters that would keep the drive busy for `busy` if there were room. Returns the earliest end that the cache
  /// allows.
  Seconds write(Seconds now, Bytes size, Seconds busy);
  /// The drive is busy with writes that entered earlier until then.
  void busy_until(Seconds end);

  [[nodiscard]] Bytes room(Seconds now) const;

  /// Bytes per second by which a stream that keeps the drive busy for this share of the time takes room; negative if it leaves
  /// time to make more.
  [[nodiscard]] BytesPerSecond taken_by(BytesPerSecond rate, double busy_share) const;
  /// Such a stream has been running from `since` until `now`.
  void stream(Seconds since, Seconds now, BytesPerSecond rate, double busy_share);

 private:
  SlcCacheParameters parameters_;
  Bytes room_;          // at busy_end_
  Seconds busy_end_{};  // writes occupy the drive until then
};

}  // namespace labtwin::storage
