#pragma once

// Kind `rpc_latency`: quantiles of the time that a request takes over round trip, loss and size.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_rpc_latency(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
