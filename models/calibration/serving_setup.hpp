#pragma once

// What one card of a serving run computes, from its `meta.json` and the catalog.

#include <filesystem>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/serving_meta.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/operator_law.hpp"

namespace labtwin::calibration {

struct ServedModel {
  ServingMeta meta;
  serving::ModelShape shape;
  serving::ModelWeights weights;
  /// With experts spread over data-parallel engines, a card holds its share of them for the tokens of all engines.
  serving::OperatorWork work;
};

/// Reads `meta.json` of the folder. Throws ConfigError naming a model or a type of weights that is not in the catalog.
[[nodiscard]] ServedModel read_served_model(const std::filesystem::path& folder, const LlmParts& parts);

/// Says that `meta.json` names a part that the catalog lacks.
[[noreturn]] void throw_unknown_part(const std::filesystem::path& folder, std::string key, const std::string& name);

}  // namespace labtwin::calibration
