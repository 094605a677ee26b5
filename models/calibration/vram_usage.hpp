#pragma once

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Predicts the rows of kind `vram_usage` from the catalog of cards, models and quantisations. The laws have no constants that
/// a set could fit; `outcome` is predicted as 1 (loads) or 0 (does not).
[[nodiscard]] Evaluation evaluate_vram_usage(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
