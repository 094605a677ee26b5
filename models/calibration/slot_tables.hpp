#pragma once

// What llama.cpp's own benchmarks print of one model on one card, and the coefficients that explain it.

#include <filesystem>
#include <optional>
#include <string>

#include "models/calibration/kind.hpp"
#include "models/serving/slot_step_time.hpp"

namespace labtwin::calibration {

struct SlotFit {
  serving::SlotCoefficients coefficients;
  FitSummary summary;
};

/// Least squares in relative errors over all lines of the folder's files `*.jsonl`: of `llama-batched-bench --output-format
/// jsonl` the prompts and the generated tokens, of `llama-bench -o jsonl` each test. Nothing if there is no such file. Throws
/// ConfigError for a line that neither tool prints, and where there are too few to tell decodes of one sequence from several,
/// or prompts of one length from another.
[[nodiscard]] std::optional<SlotFit> fit_slots_beside(const std::filesystem::path& folder, const std::string& unit);

}  // namespace labtwin::calibration
