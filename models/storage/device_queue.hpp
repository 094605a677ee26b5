#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/base/device.hpp"
#include "models/storage/drive_law.hpp"
#include "models/storage/medium_state.hpp"
#include "models/storage/occupancy.hpp"
#include "models/storage/slc_cache.hpp"

namespace labtwin::storage {

/// A cache that acknowledges writes before they are on the medium. Flushing goes on in order of acknowledgement at its own rate
/// and occupies the drive for reads; a write that finds the cache full waits until there is room.
struct WriteCache {
  Bytes capacity;                  ///< >= 0
  BytesPerSecond flush_bandwidth;  ///< > 0
};

/// What the drive and its connection take at once.
struct DeviceLimits {
  std::size_t tags = 256;             ///< commands in flight, >= 1
  std::optional<Bytes> read_window;   ///< bytes in flight that the connection has room for; one command always fits
  std::optional<Bytes> write_window;  ///< the same for writes
  std::optional<WriteCache> write_cache;
  std::optional<SlcCacheParameters> slc_cache;
  std::optional<FlashAging> aging;         ///< of drives whose garbage collection is simulated
  std::optional<ThermalSettings> thermal;  ///< of drives whose temperature is
  bool has_head = false;                   ///< a spinning disk: streams pay for the way back to where they were
  Occupancy::Weights interference;
  double degraded_slowdown = 10.0;  ///< factor on every latency while the drive is degraded (assumed)
};

/// The drive behind the scheduler: up to `tags` commands in flight, first come, first served by work. The time of a command is
/// fixed when it enters, because nothing that enters later overtakes it.
class DeviceQueue {
 public:
  struct Command {
    std::uint32_t handle = 0;  ///< the caller's name for it
    OwnerId owner = 0;
    IoClass io;
    std::uint64_t position = 0;  ///< first byte on the drive
    double uniform = 0.5;        ///< variate of the scatter
    Seconds own_work_ahead;      ///< work in flight of the same I/O; waiting behind it is service
  };
  /// The command's time in the drive: alone, and longer because of others.
  struct Started {
    Seconds work;
    Seconds finish;
    Seconds service;
    Seconds waiting;
  };
  struct Event {
    Seconds at;
    std::uint64_t sequence = 0;
    std::optional<std::uint32_t> finished = std::nullopt;  ///< the command that is done; nothing when only flushing ended
    Seconds flushed;                                       ///< when the medium is done with it
    OwnerId owner = 0;
    Occupancy::Use use = Occupancy::Use::Read;
    Seconds work;
    Bytes size{};
  };

  DeviceQueue(const DriveLaw& law, const DeviceLimits& limits);

  [[nodiscard]] bool fits(Direction direction, Bytes size) const;
  Started start(Seconds now, const Command& command, bool degraded);
  /// Puts a command in flight whose end is known; returns its work.
  Seconds restore(Seconds now, const Command& command, Seconds finish);

  [[nodiscard]] std::optional<Seconds> next_event() const;
  /// Removes and returns the earliest event.
  Event take_event();

  /// Forgets everything in flight.
  void clear(Seconds now);
  /// Everything in flight ends later by this much.
  void delay(Seconds by);
  /// The cache owes this much flushing time from `now` on.
  void set_flush_debt(Seconds now, Seconds debt) { flush_end_ = now + debt; }
  [[nodiscard]] Seconds flush_debt(Seconds now) const { return flush_end_ > now ? flush_end_ - now : Seconds{}; }

  /// Nothing for a drive without.
  [[nodiscard]] std::optional<SlcCache>& slc_cache() noexcept { return slc_cache_; }
  [[nodiscard]] const std::optional<SlcCache>& slc_cache() const noexcept { return slc_cache_; }

  [[nodiscard]] MediumState& medium() noexcept { return medium_; }
  [[nodiscard]] const MediumState& medium() const noexcept { return medium_; }

  [[nodiscard]] std::size_t num_in_flight() const noexcept { return num_in_flight_; }
  [[nodiscard]] const std::vector<Event>& in_flight() const noexcept { return events_; }
  /// Work of all commands that were started.
  [[nodiscard]] Seconds work_entered() const noexcept { return work_entered_; }
  [[nodiscard]] Occupancy& occupancy() noexcept { return occupancy_; }
  [[nodiscard]] const Occupancy& occupancy() const noexcept { return occupancy_; }

 private:
  void push(Event event);
  void push_finish(const Command& command, Seconds work, Seconds finish, Seconds flushed);
  void enter(Seconds now, const Command& command, Seconds work);
  [[nodiscard]] IoClass with_seek(const Command& command);

  const DriveLaw& law_;
  DeviceLimits limits_;
  Occupancy occupancy_;
  std::optional<SlcCache> slc_cache_;
  MediumState medium_;
  std::vector<Event> events_;  // heap, earliest first
  std::uint64_t next_sequence_ = 0;
  std::size_t num_in_flight_ = 0;
  std::array<Bytes, 2> bytes_in_flight_;  // by direction
  Seconds flush_end_;
  std::optional<std::uint64_t> head_;  ///< end of the command that entered last
  Seconds work_entered_;
};

}  // namespace labtwin::storage
