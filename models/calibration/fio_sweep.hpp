#pragma once

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Kind `fio_sweep`: rates and latencies of closed loops over queue depth, jobs, block size and mix.
[[nodiscard]] Evaluation evaluate_fio_sweep(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
