#pragma once

// Kind `power_cap`: tokens per second of one run over the power limit of its card.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_power_cap(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
