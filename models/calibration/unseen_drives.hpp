#pragma once

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Kind `unseen_drives`: rows as of `fio_sweep`, the device in the column `drive_left_out`. Each drive is predicted as one that
/// nobody has measured: from class priors fitted to the rows marked `fit` of the other drives, and from its datasheet where the
/// catalog has one that is no fit. Every row is predicted. Derived: p99_over_mean, which of a class alone tells how far the
/// 99th percentile lies from the mean.
[[nodiscard]] Evaluation evaluate_unseen_drives(const MeasurementTable& table, const Progress& progress);

}  // namespace labtwin::calibration
