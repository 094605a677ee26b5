#pragma once

// What `labtwin validate` prints.

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "models/calibration/scorecard.hpp"

namespace labtwin::command {

using calibration::ValidatedSet;

/// Summary: one line per set, quantity and group. Rows: every prediction beside its measurement as well.
enum class ReportDetail : unsigned char { Summary, Rows };

[[nodiscard]] std::string report_as_text(std::span<const ValidatedSet> sets, ReportDetail detail);
/// One line per measured case and quantity, over the sets that a case names.
[[nodiscard]] std::string scorecard_as_text(std::span<const calibration::ScorecardSection> sections,
                                            std::span<const ValidatedSet> sets);
[[nodiscard]] nlohmann::json report_as_json(std::span<const ValidatedSet> sets);

}  // namespace labtwin::command
