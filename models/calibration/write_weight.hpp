#pragma once

// How much writes hinder reads on one drive: the weight of the simulated Drive, from reads measured beside writes.

#include <vector>

#include "models/calibration/measurement_table.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::calibration {

/// A loop of random reads beside sequential writes, one at a time at a set rate.
struct ReadsBesideWrites {
  Bytes read_size;
  unsigned read_depth = 1;
  Bytes write_size;
  BytesPerSecond write_rate;
  Seconds read_latency{};  ///< measured mean
};

/// The rows of a table of kind interference that are of this form: closed loops of reads beside writes that reached their rate.
[[nodiscard]] std::vector<ReadsBesideWrites> reads_beside_writes(const MeasurementTable& table);

/// Mean latency of the reads on a storage::Drive with this law and Occupancy::Weights::write_on_read, over 0.25 s or 500
/// measured latencies, whichever is longer.
[[nodiscard]] Seconds simulated_read_latency(const storage::DriveLaw& law, const ReadsBesideWrites& loop, double write_on_read);

/// Law:    the weight at which the simulated reads take as long as the measured ones, on the geometric mean over rows.
/// Inputs: at least one row; the law of reads and writes alone.
/// Valid:  rows of shallow queues: of deep ones the simulated drive is hindered too little (see interference_law.hpp). 0 where
///         the reads were not hindered at all, 20 at most.
/// Source: bisection; the latency of reads does not fall as the weight grows.
/// Error:  finds a weight again to 2 % (tests/unit/calibration); at another rate than the fitted one not measured.
[[nodiscard]] double fit_write_weight(const storage::DriveLaw& law, const std::vector<ReadsBesideWrites>& rows);

}  // namespace labtwin::calibration
