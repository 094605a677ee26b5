#pragma once

// Whether several cards are faster than one of them, for what it is worth to know before one buys the second.

#include <functional>
#include <optional>
#include <vector>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Law:    the sign of predicted figure of several cards - predicted figure of one card of the same rig, model, engine and load
/// Inputs: rows of kind tp_scaling, and what the law predicts of each, by 0-based row
/// Valid:  rates, where both rows are measured and more than 10 % apart
/// Source: rows of kind tp_scaling
/// Error:  see `labtwin validate`
/// One figure `outcome` per held-out row of several cards that has such a row of one card beside it: 1 if they are faster.
[[nodiscard]] std::vector<Prediction> directions_of(const MeasurementTable& table,
                                                    const std::function<std::optional<Estimate>(std::size_t row)>& predict);

}  // namespace labtwin::calibration
