#pragma once

// What the throughput law says of a run that a row of another kind tells in other words.

#include <string>
#include <vector>

#include "models/calibration/llm_effects.hpp"
#include "models/calibration/llm_parts.hpp"
#include "models/calibration/llm_run.hpp"

namespace labtwin::calibration {

/// A run as columns of kind `llm_throughput`; blank where nothing is told.
struct LlmRunCells {
  std::string gpu;
  std::string engine;
  std::string model;
  std::string quant;
  std::string quantity = "decode_tok_s";
  std::string speculation;
  double num_cards = 1.0;
  bool splits_tensors = false;
  double batch = 1.0;
  double prompt_tokens = 0.0;
  double generated_tokens = 0.0;
  double depth = 0.0;
  double power_limit_w = 0.0;
};

/// A run and how long its step or prompt takes by the throughput law.
struct LlmTime {
  LlmRun run;
  double seconds = 0.0;  ///< of a step of the whole batch, or of one prompt
};

class LlmTimes {
 public:
  LlmTimes();
  [[nodiscard]] LlmTime time(const LlmRunCells& cells);
  /// What a token of each sequence of the run's batch takes, part by part.
  [[nodiscard]] serving::ThroughputTerms terms(const LlmRun& run) { return scaled_terms(run, effects_); }
  [[nodiscard]] const LlmParts& parts() const noexcept { return parts_; }

 private:
  LlmParts parts_;
  LlmEffects effects_;
};

}  // namespace labtwin::calibration
