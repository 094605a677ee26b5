#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/base/device.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

/// Whose work occupies a drive: the seconds of bottleneck time in flight per owner and direction, and who had how large a share
/// of them over time. A write that was acknowledged from a cache but is still being flushed occupies the drive for reads only.
class Occupancy {
 public:
  enum class Use : std::uint8_t { Read, Write, Flush };

  /// How much one second of the other direction's work counts.
  struct Weights {
    double write_on_read = 1.0;
    double read_on_write = 1.0;
  };

  explicit Occupancy(Weights weights) : weights_(weights) {}

  void advance(Seconds now);
  void add(OwnerId owner, Use use, Seconds work);
  void remove(OwnerId owner, Use use, Seconds work);

  /// Adds to the time integral of an owner's share.
  void credit(OwnerId owner, Seconds occupied);

  /// Work that an I/O of this direction finds in flight, weighted.
  [[nodiscard]] Seconds backlog(Direction direction) const;
  [[nodiscard]] Seconds backlog_of(OwnerId owner, Direction direction) const;
  [[nodiscard]] std::size_t num_owners() const noexcept { return owners_.size(); }

  /// Per owner, the time integral of its share of the work in flight. While the drive is occupied the shares add up to 1.
  [[nodiscard]] const std::vector<Seconds>& occupied() const noexcept { return occupied_; }

 private:
  struct Work {
    Seconds read;
    Seconds write;
    Seconds flush;
  };
  [[nodiscard]] Seconds weighted(const Work& work, Direction direction) const;
  static Seconds& amount(Work& work, Use use);
  void make_room_for(OwnerId owner);

  Weights weights_;
  Seconds now_;
  Work total_;
  std::size_t num_in_flight_ = 0;
  std::vector<Work> owners_;       // by OwnerId
  std::vector<Seconds> occupied_;  // by OwnerId
};

}  // namespace labtwin::storage
