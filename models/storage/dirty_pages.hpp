#pragma once

// Pages that were written but are not on the drive yet: how far a writer runs ahead of it.

#include "models/base/units.hpp"

namespace labtwin::storage {

/// The limits of Linux, as shares of the memory that is free or holds file pages.
struct DirtyLimits {
  double background_ratio = 0.10;  ///< vm.dirty_background_ratio: writing back begins
  double ratio = 0.20;             ///< vm.dirty_ratio: writers wait, >= background_ratio
};

/// What a process copies into the page cache in a second (assumed).
inline constexpr BytesPerSecond kCopyRate = BytesPerSecond::from_base(2e9);

/// Amount that a writer may be ahead of the drive.
/// Law:    half-way between the two limits: below, writers are never held; above, they are held to the rate of the drive.
/// Inputs: ratios 0 to 1; memory that is available for file pages.
/// Valid:  one writer per drive; writing back that has nothing else to do.
/// Source: Linux, mm/page-writeback.c: dirty_freerun_ceiling
/// Error:  not measured.
[[nodiscard]] Bytes dirty_room(const DirtyLimits& limits, Bytes available);

/// Time until a writer of `volume` is done, though not yet the drive.
/// Law:    volume / copy rate while it fits into `room`, else (volume - room) / drive rate, whichever is longer.
/// Inputs: room as above, the rate of the drive.
/// Valid:  a cache without dirty pages at the start.
/// Source: conservation: written = on the drive + dirty.
/// Error:  exact for the simulated job (tests/unit/service).
[[nodiscard]] Seconds buffered_write_time(Bytes volume, Bytes room, BytesPerSecond drive);

}  // namespace labtwin::storage
