#pragma once

// The cases that people ask about, each over all measurement sets that hold rows of it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/score.hpp"
#include "sim/command/validation_report.hpp"

namespace labtwin::command {

/// One case and how well it is predicted.
struct CaseScore {
  std::string_view title;
  std::string_view quantity;
  std::size_t num_sets = 0;
  std::optional<calibration::Score> score;        ///< of figures
  std::optional<calibration::Verdicts> verdicts;  ///< of what is right or wrong
  std::size_t num_within_factor_2 = 0;
};

/// The cases of which the sets hold measured rows, in a fixed order.
[[nodiscard]] std::vector<CaseScore> score_cases(std::span<const ValidatedSet> sets);

[[nodiscard]] std::string cases_as_text(std::span<const CaseScore> cases);

}  // namespace labtwin::command
