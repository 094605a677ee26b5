#pragma once

// How long one forward pass of an inference engine takes. A server asks once per step, or once for a run of decode steps whose
// batch does not change, so the interface speaks of batches and never of tokens one by one.

#include <cstdint>

#include "models/base/units.hpp"

namespace labtwin::serving {

/// What one step works on.
struct StepBatch {
  double prefill_tokens = 0.0;  ///< prompt tokens processed in this step, over all sequences
  double num_decodes = 0.0;     ///< sequences that get one token each
  double context_tokens = 0.0;  ///< tokens in the KV cache that the decoding sequences attend to, summed
};

/// The law of one engine on one card with one model.
class StepTimeModel {
 public:
  virtual ~StepTimeModel() = default;

  /// Time of one step.
  [[nodiscard]] virtual Seconds step_time(const StepBatch& batch) const = 0;
  /// Time of `num_steps` decode steps in a row, each of which adds one token to the context of every sequence.
  [[nodiscard]] virtual Seconds decode_time(const StepBatch& batch, std::uint64_t num_steps) const = 0;
};

/// How many whole decode steps fit into `elapsed` (rounding errors of 1 ns forgiven), at most `limit`.
[[nodiscard]] std::uint64_t decode_steps_within(const StepTimeModel& model, const StepBatch& batch, Seconds elapsed,
                                                std::uint64_t limit);

/// What a language model asks of memory and arithmetic.
struct LanguageModel {
  Bytes weights;                ///< bytes read once per step
  BytesPerToken kv_cache;       ///< bytes that one token keeps in the KV cache
  double num_parameters = 0.0;  ///< active per token; each costs a multiplication and an addition
};

/// What an accelerator with its software achieves.
struct Accelerator {
  Bytes vram;                       ///< datasheet
  BytesPerSecond memory_bandwidth;  ///< datasheet
  double memory_efficiency = 1.0;   ///< achieved share of it while decoding
  FlopsPerSecond peak_flops;        ///< datasheet, of the precision that prompts are processed in
  double compute_efficiency = 1.0;  ///< achieved share of it on prompts
  Seconds step_overhead;            ///< launch, sampling and everything else that does not scale
};

/// Law:    t = overhead + max(weights / B, 2 P (p + d) / F) + kv_per_token * c / B, with B and F achieved, P parameters
/// Inputs: p prompt tokens, d decoding sequences, c tokens of context
/// Valid:  a dense model wholly in the memory of one card; prompts short enough that attention is small beside the matrices
///         (below about 8,000 tokens for 8B). Outside, the formula is extended.
/// Source: the roofline of a decoder: a step reads all weights once and each sequence's cache, or is bound by arithmetic.
///         llama.cpp on an RTX 3090 fixes the efficiencies, see models/catalog/gpus/rtx-3090.toml
/// Error:  not measured on held-out cards
class RooflineStepTime final : public StepTimeModel {
 public:
  RooflineStepTime(const Accelerator& accelerator, const LanguageModel& model);

  [[nodiscard]] Seconds step_time(const StepBatch& batch) const override;
  [[nodiscard]] Seconds decode_time(const StepBatch& batch, std::uint64_t num_steps) const override;

 private:
  Seconds overhead_;
  Seconds weights_time_;
  SecondsPerToken prefill_time_;
  SecondsPerToken context_time_;
};

}  // namespace labtwin::serving
