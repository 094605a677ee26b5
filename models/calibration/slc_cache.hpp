#pragma once

// Kind `slc_cache`: how much a consumer SSD takes fast, how fast, and how fast it goes on.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_slc_cache(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
