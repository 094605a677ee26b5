#pragma once

// What a drive's past does to its present: garbage collection and heat make the same request more work.

#include <optional>

#include "models/base/units.hpp"
#include "models/storage/drive_law.hpp"
#include "models/storage/garbage_collection.hpp"
#include "models/storage/thermal_state.hpp"

namespace labtwin::storage {

struct FlashAging {
  FlashParameters flash;
  FlashUse use;
};

struct ThermalSettings {
  ThermalDesign design;
  Cooling cooling;
};

/// The medium behind the law of a drive. Law: work = law + copies of garbage collection (random writes), at least size /
/// slow_rate while the drive is too hot. A drive without one of the two is as the law says.
class MediumState {
 public:
  MediumState(const DriveLaw& law, const std::optional<FlashAging>& aging, const std::optional<ThermalSettings>& thermal);

  /// Work of a request that enters now.
  [[nodiscard]] Seconds work(const IoClass& io) const;
  /// A request enters: returns its work.
  Seconds enter(Seconds now, const IoClass& io);

  /// What steady streams do to the medium.
  struct Stream {
    BytesPerSecond random_writes;
    double busy_share = 0.0;  ///< of the drive's time, as the law alone has it
  };
  /// Adds a stream of requests to one of several.
  void add(Stream& stream, const IoClass& io, PerSecond rate) const;
  /// Such streams have been running from `since` until `now`.
  void stream(Seconds since, Seconds now, const Stream& stream);
  /// When work changes if such streams run on; nothing if it does not.
  [[nodiscard]] std::optional<Seconds> next_change(Seconds now, const Stream& stream) const;

  [[nodiscard]] const std::optional<GarbageCollection>& garbage_collection() const noexcept { return collection_; }
  [[nodiscard]] const std::optional<ThermalState>& thermal() const noexcept { return thermal_; }

 private:
  const DriveLaw& law_;
  std::optional<GarbageCollection> collection_;
  std::optional<ThermalState> thermal_;
};

}  // namespace labtwin::storage
