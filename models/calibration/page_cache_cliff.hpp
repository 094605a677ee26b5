#pragma once

// Kind `page_cache`: searches of an index that is mapped into memory, against the memory there is.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_page_cache(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
