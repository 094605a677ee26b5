#pragma once

// Kind `bufferbloat`: what a small request takes beside downloads, behind a plain queue or fq_codel.

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

[[nodiscard]] Evaluation evaluate_bufferbloat(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
