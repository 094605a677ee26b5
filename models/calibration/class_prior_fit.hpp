#pragma once

#include <optional>
#include <vector>

#include "models/calibration/class_prior.hpp"
#include "models/calibration/expected_drive.hpp"
#include "models/calibration/fio_row.hpp"

namespace labtwin::calibration {

/// Class priors from many drives: sweeps are fitted with the priors at hand, then means and spreads over devices, the scatter
/// of latencies, and the discrepancy of rows left out are taken from them. A class of fewer than `min_devices` devices keeps
/// its location and spread and learns the rest. Only rows marked `fit` are read. What datasheets promise counts for rates as
/// if a drive had been measured.
[[nodiscard]] ClassPriors fit_class_priors(const std::vector<FioRow>& rows, const ClassPriors& start,
                                           const std::vector<DatasheetRate>& datasheets);

/// The same without the discrepancy, which keeps that of `start`.
[[nodiscard]] ClassPriors fit_class_locations(const std::vector<FioRow>& rows, const ClassPriors& start,
                                              const std::vector<DatasheetRate>& datasheets);

/// The 90 % quantile of absolute values; nothing if there are fewer than five.
[[nodiscard]] std::optional<double> quantile90(std::vector<double> values);

}  // namespace labtwin::calibration
