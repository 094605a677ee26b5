#pragma once

// Kind `tcp_share`: how flows of like and unlike round trips and algorithms share a bottleneck.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_tcp_share(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
