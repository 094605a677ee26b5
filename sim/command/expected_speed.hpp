#pragma once

// How fast a model is on the cards that `labtwin fit-model` asks about.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/calibration/server_speed.hpp"
#include "models/registry.hpp"
#include "models/serving/vram_plan.hpp"

namespace labtwin::command {

/// One sequence.
struct ExpectedSpeed {
  calibration::Estimate decode_tok_s;     ///< behind 1,000 tokens of context
  calibration::Estimate at_full_context;  ///< behind all that was asked for
  calibration::Estimate prompt_tok_s;     ///< of a prompt of 512 tokens
  calibration::Grade grade = calibration::Grade::Assumed;
  std::string source;
};

/// By the laws that `labtwin validate` scores under the kinds llm_throughput and serving_run. Nothing where a part of the model
/// stays in the memory of the host, for cards of several kinds, and for several cards of vLLM, whose links nobody told: a
/// scenario asks about these.
[[nodiscard]] std::optional<ExpectedSpeed> expected_speed(const std::string& model, const serving::VramRequest& request,
                                                          const std::vector<AcceleratorPart>& cards);

[[nodiscard]] std::string speed_text(const ExpectedSpeed& speed, double context);
[[nodiscard]] nlohmann::ordered_json speed_json(const ExpectedSpeed& speed);

}  // namespace labtwin::command
