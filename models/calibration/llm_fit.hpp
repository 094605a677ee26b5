#pragma once

// Fits the factors of the throughput law: which rows tell of it, how much each counts, what is left out to learn how far off
// predictions are.

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "models/calibration/llm_effects.hpp"
#include "models/calibration/llm_run.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/calibration/pooled_fit.hpp"

namespace labtwin::calibration {

/// A row that calibrates.
struct LlmSample {
  LlmRun run;
  PooledRow row;
};

/// The tables of kind llm_throughput in the folders of a folder, in alphabetical order. Throws ConfigError.
[[nodiscard]] std::vector<MeasurementTable> read_llm_tables(const std::filesystem::path& folder);

/// The rows marked `fit`, but for those that are flagged, that no card can have reached or that say nothing of it; effects that
/// they use are added.
[[nodiscard]] std::vector<LlmSample> read_llm_samples(std::span<const MeasurementTable> tables, LlmEffects& effects);

/// Fits all effects to these rows, from the priors on.
void fit_llm_effects(std::span<const PooledRow> rows, std::vector<PooledEffect>& effects);

/// What is left out together, by unit, e.g. a card.
using LlmFolds = std::map<std::string, std::size_t, std::less<>>;

/// Parts of all cards such that those of one architecture are in different ones as far as may be: without a part, each of its
/// cards is told by its kin.
[[nodiscard]] LlmFolds fold_cards(std::span<const LlmRun> runs, std::size_t num_folds);

/// Fits all factors to the rows marked `fit` of several tables, and the widths of intervals to rows and cards left out in turn;
/// the text of priors/llm_throughput.toml.
[[nodiscard]] std::string fit_llm_throughput(std::span<const MeasurementTable> tables);
/// Likewise from one table. Where none of its rows is marked `fit`, as in what tools print, all that are not flagged are
/// fitted.
[[nodiscard]] std::string fit_llm_throughput_set(const MeasurementTable& table);

}  // namespace labtwin::calibration
