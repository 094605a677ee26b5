#pragma once

// One row of kind `vram_usage`: what was run on which cards, with the conditions that only `notes` tells.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/llama_memory.hpp"

namespace labtwin::calibration {

enum class Engine : std::uint8_t { LlamaCpp, Vllm, ExLlama };

/// Where the figure of a row was read: one card of the machine, its host, or nothing said.
enum class Place : std::uint8_t { WholeOrOne, Card, HostBuffer, HostModel };

struct VramRow {
  Engine engine = Engine::LlamaCpp;
  std::string quantity;
  std::vector<std::optional<LlmParts::Card>> cards;  ///< empty if none is named; nothing for those that no catalog knows
  int num_cards = 1;
  std::optional<double> card_memory_gib;
  std::optional<LlmParts::Model> model;
  std::optional<serving::Quantisation> quant;
  std::optional<Bytes> file;
  std::optional<double> context;
  double slots = 1.0;
  serving::KvTypes kv;
  bool flash_attention = true;
  double ubatch = 512.0;
  std::optional<int> layers_on_card;  ///< the output head counts as one
  std::optional<int> layers_told;     ///< of the whole model, where the log counts them
  std::optional<double> utilization;
  std::optional<double> max_sequences;
  std::optional<double> max_context;

  Place place = Place::WholeOrOne;
  int card = 0;                           ///< of Place::Card
  std::optional<int> latent_mode;         ///< `-mla` of ik_llama.cpp
  std::optional<double> attention_batch;  ///< `-amb`, MiB
  std::vector<double> split;              ///< `-ts`
  bool overrides_tensors = false;         ///< `-ot`: some tensors are placed by name
  bool experts_on_host = false;           ///< ... and all experts are left to the host
  bool leaves_some_on_host = false;       ///< ... or some tensors are
  serving::LlamaBuild build = serving::LlamaBuild::Mainline;
  bool is_recipe = false;  ///< a file whose dense tensors have 8 bits whatever the experts have
  double tensor_parallel = 1.0;
  double instances = 1.0;
  double batched_tokens = 2048.0;
  bool sums_cards = false;    ///< the figure is over all cards
  bool windows_only = false;  ///< the cache of the layers with a window alone
  bool full_layers_only = false;
  std::optional<double> cache_layers;  ///< of the cache that the figure is about, where the notes count them
  std::optional<double> cache_cells;
  bool state_only = false;         ///< the state of layers with linear attention
  bool keeps_windows_only = true;  ///< false: an engine that keeps the whole context in layers with a window
  double context_parallel = 1.0;   ///< cards that share one cache by context

  /// Nominal memory of the i-th card, if it is known.
  [[nodiscard]] std::optional<Bytes> memory(int index) const;
};

/// A cell that should be a number and is none counts as blank.
[[nodiscard]] VramRow read_vram_row(const MeasurementTable& table, std::size_t row, const LlmParts& parts);

/// `key=value` in free text; nothing if it is not there.
[[nodiscard]] std::optional<std::string> noted(std::string_view notes, std::string_view key);

}  // namespace labtwin::calibration
