#pragma once

// The engine that a serving run was measured on, as `meta.json` and the tables beside it tell.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "models/calibration/kind.hpp"
#include "models/calibration/llm_parts.hpp"
#include "models/calibration/serving_meta.hpp"
#include "models/serving/inference_engine.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::calibration {

struct ServedEngine {
  std::string name;                                                 ///< `vllm`, `llama.cpp`
  double num_copies = 1.0;                                          ///< that take turns
  std::function<std::unique_ptr<serving::InferenceEngine>()> make;  ///< one of the copies, idle
  std::unique_ptr<const serving::StepTimeModel> steps;
  double half_width = 0.0;  ///< of the 90 % interval of the logarithm of a time
  Grade grade = Grade::Assumed;
};

/// Steps are fitted to tables of operators in the folder, or else those of the card; what was fitted, and what the card's
/// memory holds, is noted in the evaluation. Throws ConfigError naming a part that the catalog lacks.
[[nodiscard]] ServedEngine served_vllm(const std::filesystem::path& folder, const LlmParts& parts, Evaluation& evaluation);
/// Steps are fitted to what `llama-batched-bench` printed into the folder (`batched_bench.jsonl`), or else follow the law of
/// kind llm_throughput. Throws as above.
[[nodiscard]] ServedEngine served_llama(const std::filesystem::path& folder, const LlmParts& parts, Evaluation& evaluation);

}  // namespace labtwin::calibration
