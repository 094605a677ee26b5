#pragma once

// `meta.json` beside the `requests.csv` of a run of vLLM: the engine's settings, its card and what it reported.

#include <filesystem>
#include <optional>
#include <string>

#include "models/base/units.hpp"

namespace labtwin::calibration {

struct ServingMeta {
  std::string model;
  std::string engine_version;
  std::string card;
  std::optional<Bytes> card_memory;  ///< as the driver shows it
  double num_cards = 1.0;            ///< of the machine
  std::string dtype = "bfloat16";
  double tensor_parallel = 1.0;
  double data_parallel = 1.0;
  bool splits_experts = false;  ///< `enable_expert_parallel`
  double max_sequences = 256.0;
  double max_batched_tokens = 2048.0;
  std::optional<double> max_context;
  double memory_utilization = 0.9;
  double block_tokens = 16.0;
  bool caches_prefixes = true;
  std::optional<double> num_blocks;  ///< of KV cache, where the engine's log told it
};

/// Settings that are not there have vLLM's defaults. Throws ConfigError for a file that is missing, no JSON, or names no model
/// or card.
[[nodiscard]] ServingMeta read_serving_meta(const std::filesystem::path& file);

}  // namespace labtwin::calibration
