#pragma once

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Kind serving_run: requests with their arrivals and lengths through an engine with the settings of `meta.json` in the same
/// folder. Operator tables beside it (`operators_tpN/`) are fitted; without them the card's datasheet stands in. Predicts
/// `ttft_s`, `tpot_s` and `latency_s` with suffixes `_mean`, `_p50`, `_p90` and `_p99`, in row 0, as the client sees them.
[[nodiscard]] Evaluation evaluate_serving_run(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
