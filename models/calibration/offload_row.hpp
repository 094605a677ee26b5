#pragma once

// A row of kind `offload` as the law sees it.

#include <string>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/llm_run.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/interconnect/host_offload.hpp"

namespace labtwin::calibration {

struct OffloadRow {
  interconnect::OffloadedModel run;
  bool is_prompt = false;
  double prompt_tokens = 512.0;
  double depth = 0.0;
  double ubatch = 512.0;
  bool on_cores = false;       ///< large batches of host weights are multiplied by cores, not copied to the card
  bool streams_steps = false;  ///< the engine copies host weights to the card at every step
  bool from_drive = false;     ///< the host's memory does not hold the model
  bool has_card = true;
  double card_memory = 0.0;  ///< of all cards, bytes
  double batch = 1.0;
  /// A dense model as if the card held all of it, and the share of it that the card works on: layer by layer the card does what
  /// it does without a host beside it.
  LlmRun whole;
  double share_on_card = 0.0;
  std::string engine;  ///< family
  std::string model;
  std::string quant;
  std::string cpu;
  std::string card;
  std::string architecture;  ///< of the first card; empty where none is named
  std::string machine;
  std::string setting;  ///< machine, model and how it is split

  /// Asks for a prompt of so many tokens, or for a token.
  void set_prompt(bool prompt, double tokens);
  [[nodiscard]] bool is_dense() const noexcept { return run.expert_share >= 1.0; }
};

[[nodiscard]] OffloadRow read_offload_row(const MeasurementTable& table, std::size_t index, const LlmParts& parts);

}  // namespace labtwin::calibration
