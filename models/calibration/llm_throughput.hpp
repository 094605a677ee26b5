#pragma once

// Kind `llm_throughput`: tokens per second and times to tokens of inference engines, from card, model, quantisation and
// settings.

#include <span>
#include <string>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Predicts from the factors that ship: they are universal, a file's own rows change none.
[[nodiscard]] Evaluation evaluate_llm_throughput(const MeasurementTable& table, const Progress& progress);

/// Fits all factors to the rows marked `fit` of several tables, and the widths of intervals to rows and cards left out in turn;
/// the text of priors/llm_throughput.toml.
[[nodiscard]] std::string fit_llm_throughput(std::span<const MeasurementTable> tables);
/// Likewise from one table. Where none of its rows is marked `fit`, as in what tools print, all that are not flagged are
/// fitted.
[[nodiscard]] std::string fit_llm_throughput_set(const MeasurementTable& table);

}  // namespace labtwin::calibration
