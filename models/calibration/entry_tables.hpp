#pragma once

// Fits that are a part of a drive's catalog entry, as the tables to put into it.

#include <string>
#include <string_view>

#include "models/calibration/kind.hpp"

namespace labtwin::calibration {

/// Whether measurements of this kind make such tables: `sustained_write` and `slc_cache`.
[[nodiscard]] bool makes_entry_tables(std::string_view kind);
/// The table with all rows to be fitted where it has no column `split`; unchanged where it has one.
[[nodiscard]] MeasurementTable all_to_fit(const MeasurementTable& table);
/// TOML text: parameters, grades, and the spread of what was fitted.
[[nodiscard]] std::string entry_tables(const FitSummary& fit);

}  // namespace labtwin::calibration
