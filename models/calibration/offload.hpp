#pragma once

// Kind `offload`: decoding and prompts of models that cards hold only in part.

#include <string>

#include "models/calibration/kind.hpp"
#include "models/calibration/llm_effects.hpp"
#include "models/calibration/offload_row.hpp"
#include "models/calibration/pooled_law.hpp"

namespace labtwin::calibration {

/// Law:    of a model with experts: seconds per token = layers x launch + active weights on cards / card bandwidth + active
///         weights in host memory / DRAM bandwidth + cache / card bandwidth, each times a factor; of a prompt in k
///         microbatches: weights in host memory over PCIe or by the host's cores, whichever the engine does, + arithmetic. Of a
///         dense model: the card's share of its layers x what the throughput law says of the card with all of them, + weights
///         and context of the host's layers as above. Weights of which the host's memory holds no copy come from the drive
/// Inputs: bytes on cards and in host memory, where they are told, else by layers and experts that the settings move; DRAM
///         bandwidth as told or of the processor; threads; prompt and depth
/// Valid:  llama.cpp, ik_llama.cpp, ktransformers; one prompt at a time
/// Source: ggml-org/llama.cpp and ikawrakow/ik_llama.cpp scheduling of offloaded tensors; fit rows of
///         calibration/data/interconnect/offload
/// Error:  see `labtwin validate`
[[nodiscard]] Evaluation evaluate_offload(const MeasurementTable& table, const Progress& progress);

/// The shipped law for a machine and a model that no file tells of.
class OffloadTimes {
 public:
  /// Rows that are asked for later may differ in tokens, depth and what the host's cores do, not in card and model.
  explicit OffloadTimes(OffloadRow row);
  /// Of a token, or a prompt where the row is one.
  [[nodiscard]] Estimate seconds(const OffloadRow& row);
  /// The terms of such times, factors applied. Of a prompt either streaming or cores and host, as the row says.
  [[nodiscard]] interconnect::OffloadedToken token(const OffloadRow& row);
  [[nodiscard]] interconnect::OffloadedPrompt prompt(const OffloadRow& row);

 private:
  [[nodiscard]] double value(const LawRow& row, std::size_t term);

  PooledLaw law_;
  LlmEffects effects_;  ///< of the throughput law
};

/// The text of priors/offload.toml.
[[nodiscard]] std::string fit_offload(const MeasurementTable& table);

}  // namespace labtwin::calibration
