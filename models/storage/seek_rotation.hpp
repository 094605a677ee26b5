#pragma once

#include "models/base/units.hpp"
#include "models/storage/ncq_power.hpp"

namespace labtwin::storage {

/// What the datasheet of a spinning disk says.
struct DiskMechanics {
  Seconds average_seek_read;  ///< settling included, > 0
  Seconds average_seek_write;
  PerSecond rotation;          ///< turns per second: 120 at 7200 rpm
  BytesPerSecond bandwidth;    ///< sustained rate of the medium, the mean over its zones, > 0
  double ncq_exponent = 0.14;  ///< gain of reordering reads in the command queue
  TailCurve tail{};
};

/// Law:    positioning time of a random I/O = average seek + half a turn; queued reads are reordered (see make_ncq_power);
///         writes are acknowledged from the cache of the disk and gain nothing from depth; sequential I/Os pay the overhead of
///         a command, 0.1 ms, those that do not go on where the head is (DeviceLimits::has_head) what a random one pays.
/// Inputs: as above.
/// Valid:  I/Os spread over the whole disk; a region of 1 % of it takes less than half the seek.
/// Source: datasheets; exponent: the four disks of the fit rows of class hdd (0.09 to 0.19).
/// Error:  depth 1 of four measured disks: not measured against their datasheets; other depths as make_ncq_power.
[[nodiscard]] NcqPowerParameters disk_parameters(const DiskMechanics& mechanics);

}  // namespace labtwin::storage
