#pragma once

// What `labtwin validate` prints.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "models/calibration/measurement_set.hpp"

namespace labtwin::command {

struct ValidatedSet {
  calibration::MeasurementSet set;
  calibration::Evaluation evaluation;
};

/// Summary: one line per set, quantity and group. Rows: every prediction beside its measurement as well.
enum class ReportDetail : unsigned char { Summary, Rows };

[[nodiscard]] std::string report_as_text(std::span<const ValidatedSet> sets, ReportDetail detail);
[[nodiscard]] nlohmann::json report_as_json(std::span<const ValidatedSet> sets);

}  // namespace labtwin::command
