#pragma once

// Garbage collection of a drive in use: what random writes cost once the free blocks of the flash are spent.

#include <vector>

#include "models/base/units.hpp"
#include "models/storage/flash_log.hpp"

namespace labtwin::storage {

/// What was done to a drive before.
enum class FlashHistory : unsigned char {
  Sanitized,  ///< no page is in use
  Filled,     ///< its data were written once
  Rewritten,  ///< and then overwritten at random for long
};

/// How a drive is used.
struct FlashUse {
  Bytes data;  ///< that random writes go to, > 0, at most the capacity of the drive
  FlashHistory history = FlashHistory::Filled;
  std::vector<WriteClass> classes = {WriteClass{}};  ///< how unevenly they do
};

/// Random writes of the host, and what the flash wrote for them.
struct FlashWrites {
  Bytes host;
  Bytes flash;
};

/// Law:    a random write takes copy_cost / random x pages copied per page written longer than a drive with free blocks needs.
///         Copies follow the FlashLog of the data: flash that holds no data is spare, (1 + spare) x capacity / data - 1 of it.
///         The cost of a cleaned block is spread over the next few blocks that are written, so that all work is done in the
///         end.
/// Inputs: parameters of the flash, how the drive is used, writes in order.
/// Valid:  as FlashLog. Sequential writes neither cost copies nor change the log: they make whole blocks invalid. Left out:
///         cleaning while the drive is idle.
/// Source: FlashLog.
/// Error:  the simulated drive agrees with FlashLog to 2 % (tests/unit/storage); FlashLog with drives: kind sustained_write.
class GarbageCollection {
 public:
  GarbageCollection(const FlashParameters& flash, const FlashUse& use);

  /// Time that copying adds to a random write of this size now.
  [[nodiscard]] Seconds copy_time(Bytes size) const noexcept { return size * (copies_per_write_ * copy_time_per_byte_); }
  /// Random writes have entered the drive.
  void write(Bytes size);
  /// Random writes until the time that copies add changes.
  [[nodiscard]] Bytes until_change() const noexcept { return stage_ - written_in_stage_; }
  /// Pages written to the flash per page written by the host.
  [[nodiscard]] double write_amplification() const noexcept { return 1.0 + copies_per_write_; }
  /// All writes so far, and `more` that are on their way.
  [[nodiscard]] FlashWrites writes(Bytes more = {}) const noexcept {
    return {writes_.host + more, writes_.flash + more * write_amplification()};
  }

 private:
  void next_stage();

  FlashLog log_;
  SecondsPerByte copy_time_per_byte_;
  Bytes stage_;
  Bytes written_in_stage_{};
  double copies_per_write_ = 0.0;
  FlashWrites writes_;
};

}  // namespace labtwin::storage
