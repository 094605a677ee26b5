#pragma once

// Random reads beside sequential writes on the scratch file, which tell how much a drive's writes hinder its reads, and beside
// deep sequential reads, which tell how many of them it takes before the scheduler has to hold the rest back.

#include <string>
#include <vector>

#include "models/calibration/measurement_table.hpp"

namespace labtwin::command {

/// Random reads that keep `read_depth` outstanding beside another job.
struct CapturePair {
  int read_depth = 1;
  const char* other = "write";  ///< operation of the other job
  double other_block_bytes = 0.0;
  int other_depth = 1;
  double other_bytes_per_s = 0.0;  ///< that it keeps to; 0: all it can get
};

/// The pairs to measure after the sweeps: writes at a quarter of what one writer reached alone, so that they keep to their rate
/// beside the reads. Empty if the sweeps do not tell that rate.
[[nodiscard]] std::vector<CapturePair> pairs_beside_writes(const calibration::MeasurementTable& sweeps);
/// A lone reader beside streams that keep 0.5 to 16 MiB outstanding.
[[nodiscard]] std::vector<CapturePair> pairs_beside_reads();

/// The two jobs of a pair for fio, to be put behind the options that both share.
[[nodiscard]] std::vector<std::string> pair_arguments(const CapturePair& pair);

/// An empty table of kind interference.
[[nodiscard]] calibration::MeasurementTable pair_table(std::string name);
/// Appends what fio reported of a pair, rows of kind fio_sweep; nothing if a job is missing or the reads are
/// flagged.
void append_pair(calibration::MeasurementTable& table, const CapturePair& pair, const calibration::MeasurementTable& jobs);

}  // namespace labtwin::command
