#pragma once

// Kind `sustained_write`: the rate of a run of writes against the amount written.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_sustained_write(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
