#pragma once

// `meta.json` beside the `requests.csv` of a serving run: the engine's settings, its card and what it reported.

#include <filesystem>
#include <optional>
#include <string>

#include "models/base/units.hpp"
#include "models/serving/server_engine.hpp"

namespace labtwin::calibration {

/// Of vLLM.
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

/// Of llama-server.
struct LlamaServingMeta {
  std::string model;
  std::string quantisation;
  std::string card;
  serving::LlamaServer server;
};

/// Whether the run was one of llama-server: `engine` is `llama.cpp`; a file that names no engine is of vLLM. Throws ConfigError
/// for a file that is missing, no JSON, or names another engine.
[[nodiscard]] bool serves_llama(const std::filesystem::path& file);

/// Settings that are not there have the engine's defaults. Throw ConfigError for a file that is missing, no JSON, or names no
/// model or card; of llama.cpp also for one without a known type of weights or with slots that hold nothing.
[[nodiscard]] ServingMeta read_serving_meta(const std::filesystem::path& file);
[[nodiscard]] LlamaServingMeta read_llama_serving_meta(const std::filesystem::path& file);

}  // namespace labtwin::calibration
