#pragma once

// Random reads beside sequential writes on the scratch file: how much a drive's writes hinder its reads.

#include <string>
#include <vector>

#include "models/calibration/measurement_table.hpp"

namespace labtwin::command {

/// Reads that keep `read_depth` outstanding beside writes, one at a time, at a set rate.
struct CapturePair {
  int read_depth = 1;
  double write_bytes_per_s = 0.0;
};

/// The pairs to measure after the sweeps: writes at a quarter of what one writer reached alone, so that they keep to their rate
/// beside the reads. Empty if the sweeps do not tell that rate.
[[nodiscard]] std::vector<CapturePair> capture_pairs(const calibration::MeasurementTable& sweeps);

/// The two jobs of a pair for fio, to be put behind the options that both share.
[[nodiscard]] std::vector<std::string> pair_arguments(const CapturePair& pair);

/// An empty table of kind interference.
[[nodiscard]] calibration::MeasurementTable pair_table(std::string name);
/// Appends what fio reported of a pair, rows of kind fio_sweep; nothing if a job is missing or the reads are
/// flagged.
void append_pair(calibration::MeasurementTable& table, const CapturePair& pair, const calibration::MeasurementTable& jobs);

}  // namespace labtwin::command
