#pragma once

// Kind `collectives`: how long all-reduces and their relatives take, by cards, link, library and message.

#include <string>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// The law of interconnect::collective_seconds with factors of link, library, operation and rig. Rows marked `fit` of a file
/// tell its rigs, on top of what ships.
[[nodiscard]] Evaluation evaluate_collectives(const MeasurementTable& table, const Progress& progress);

/// The text of priors/collectives.toml.
[[nodiscard]] std::string fit_collectives(const MeasurementTable& table);

}  // namespace labtwin::calibration
