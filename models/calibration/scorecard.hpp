#pragma once

// What the project claims about its accuracy: the measured cases that are asked about, each with the rows of its measurement
// sets that are pooled for it. `data/scorecard.toml` names them; every figure comes from predictions of held-out rows.

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/calibration/kind.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/calibration/score.hpp"

namespace labtwin::calibration {

struct ValidatedSet {
  std::string folder;  ///< where the set lies: `zns-a/fio_depths`
  MeasurementSet set;
  Evaluation evaluation;
};

/// Cells that a row may hold, by column; `*` in front or behind stands for anything. The column `group` stands for the group
/// of the prediction.
using RowFilter = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Rows that are scored together.
struct ScorecardCase {
  std::string name;
  std::vector<std::string> sets;  ///< DEVICE/SET; `*/SET` for any device
  RowFilter where{};
  RowFilter except{};
  std::vector<std::string> quantities{};
  bool by_group = false;  ///< one line for each group of predictions instead of one for all
};

struct ScorecardSection {
  std::string name;
  std::vector<ScorecardCase> cases;
};

/// Predictions by their group.
using GroupedPredictions = std::map<std::string, std::vector<const Prediction*>, std::less<>>;
[[nodiscard]] GroupedPredictions part_by_group(std::span<const Prediction* const> predictions);

/// Throws ConfigError.
[[nodiscard]] std::vector<ScorecardSection> read_scorecard(const std::filesystem::path& file);

/// The predictions of a quantity that a case pools.
[[nodiscard]] std::vector<const Prediction*> pool(const ScorecardCase& scored, std::string_view quantity,
                                                  std::span<const ValidatedSet> sets);

}  // namespace labtwin::calibration
