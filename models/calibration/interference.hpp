#pragma once

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Kind `interference`: latency of foreground I/O beside a background job on the same drive, by the laws of
/// interference_law.hpp.
[[nodiscard]] Evaluation evaluate_interference(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
