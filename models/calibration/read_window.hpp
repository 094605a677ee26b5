#pragma once

// How many bytes of reads a drive's connection takes before the I/O scheduler has to hold the rest back.

#include <optional>
#include <vector>

#include "models/base/units.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// A lone random reader beside a sequential reader that keeps `in_flight` outstanding.
struct ReadBesideReads {
  Bytes in_flight;
  Seconds p99;  ///< of the lone reads
};

/// The rows of a table of kind interference that are of this form.
[[nodiscard]] std::vector<ReadBesideReads> reads_beside_reads(const MeasurementTable& table);

/// Law:    a read that has to wait in the scheduler behind a stream in order of position waits for the scheduler's expiry, half
///         a second for reads of mq-deadline; one that the drive takes at once waits for what is in the drive. So the window is
///         where the 99th percentile of lone reads jumps beyond 0.1 s: the geometric mean of the sizes on either side, such
///         that the fewest rows lie on the wrong one.
/// Inputs: at least two rows. Nothing if no lone read starved: the drive takes all of it, or the scheduler keeps no order.
/// Valid:  drives that read more than 0.2 GB/s, whose own queue is not itself 0.1 s long.
/// Source: Linux block/mq-deadline.c, read_expire; a virtio disk whose lone reads take 0.03 to 6 ms up to 2 MiB in flight and
///         180 to 340 ms beyond 4 MiB.
/// Error:  to a factor of two, the step between the measured sizes.
[[nodiscard]] std::optional<Bytes> fit_read_window(std::vector<ReadBesideReads> rows);

}  // namespace labtwin::calibration
