#pragma once

// Kind `llm_throughput`: tokens per second and times to tokens of inference engines, from card, model, quantisation and
// settings.

#include <span>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Predicts from the factors that ship: they are universal, a file's own rows change none.
[[nodiscard]] Evaluation evaluate_llm_throughput(const MeasurementTable& table, const Progress& progress);

/// Predicts each card's held-out rows from a fit of their own, from the priors on, to the project's rows marked `fit` of other
/// cards alone: the card, and up to a twelfth of the others, are left out. Widths of intervals are those that ship.
[[nodiscard]] Evaluation evaluate_llm_cards_left_out(const MeasurementTable& table, const Progress& progress);
/// Likewise, from the rows marked `fit` of these tables.
[[nodiscard]] Evaluation evaluate_llm_cards_left_out(const MeasurementTable& table, std::span<const MeasurementTable> known,
                                                     const Progress& progress);

}  // namespace labtwin::calibration
