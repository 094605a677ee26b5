#pragma once

// Kind `tcp_bulk`: what one long transfer gets over rate, round trip, loss and congestion control.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_tcp_bulk(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
