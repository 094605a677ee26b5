#pragma once

// How long a step of an inference engine takes, from what its operators do: matrices, attention, the output head.

#include <optional>
#include <span>

#include "models/base/units.hpp"
#include "models/serving/accelerator_spec.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/vllm_scheduler.hpp"

namespace labtwin::serving {

/// What one card computes of a model; a layer's figures are the mean over layers.
struct OperatorWork {
  double num_layers = 0.0;
  Bytes layer_weights;        ///< without routed experts
  Bytes expert_weights;       ///< of all routed experts of a layer
  double experts_used = 0.0;  ///< share of the experts that one token goes through
  Flops token;                ///< of one token in the matrices of a layer
  Bytes token_activations;    ///< read and written between the matrices of a layer
  Bytes token_kv;             ///< that a token keeps, per layer
  Flops pair;                 ///< of a token that attends to another one, per layer
  Bytes head_weights;
  Flops head;    ///< of one sequence
  Bytes logits;  ///< of one sequence, in FP32
};
/// `num_cards` share every matrix (tensor parallelism); activations are bytes of two.
[[nodiscard]] OperatorWork operator_work(const ModelShape& shape, const ModelWeights& weights, double num_cards);

/// Of a copy that holds its share of the routed experts for the tokens of all `copies`, which are busy alike.
void spread_experts(OperatorWork& work, double copies);

/// What one step works on.
struct OperatorBatch {
  double num_tokens = 0.0;
  double num_sampled = 0.0;     ///< sequences that a token comes out of
  double longest_chunk = 0.0;   ///< most prompt tokens of one request; 0 if all parts are decodes
  double longest_prefix = 0.0;  ///< most tokens before a chunk
  double num_pairs = 0.0;       ///< of prompt tokens and the tokens they attend to
  double num_decodes = 0.0;
  double kv_tokens = 0.0;  ///< that decodes attend to, summed
  double longest_kv = 0.0;
  double moved_tokens = 0.0;  ///< between card and host before the step
};
[[nodiscard]] OperatorBatch operator_batch(std::span<const StepPart> step);

/// Ten coefficients of one engine on one card.
struct OperatorCoefficients {
  BytesPerSecond bandwidth;  ///< at which weights, caches and logits are read
  FlopsPerSecond matrix_rate;
  double knee = 3.0;                 ///< how sharply matrices go from the one limit to the other
  double activation_passes = 1.0;    ///< times that activations go through memory
  Seconds layer_overhead;            ///< launches
  FlopsPerSecond attention_rate;     ///< of prompts
  Seconds attention_chain;           ///< per token that one query attends to, when nothing else limits
  FlopsPerSecond mixed_decode_rate;  ///< of decodes in a batch with prompts, where no work is split along the cache
  Seconds decode_overhead;           ///< per decoding sequence and layer
  double skew = 0.0;  ///< share of the way from the mean to the longest cache that a batch of decodes is as slow as
};

/// Law:    layers (M + A) + H;  M = ||weights / B + passes activations n / B, n flops / F||_knee + overhead;
///         A = d decodes + kv (sum + skew (decodes longest - sum)) / B for decodes alone, else
///             d decodes + max(||pairs flops / F_a, chain (prefix + chunk)||_4 + kv_tokens flops / F_d, chain longest);
///         H = ||head / B, sampled flops / F||_knee + 3 logits / B per sampled sequence. Of routed experts the share
///         1 - (1 - used)^n is read.
/// Inputs: n tokens; see OperatorBatch
/// Valid:  decoders in 16 bits on one card or under tensor parallelism, whose all-reduces are not in it
/// Source: rooflines of matrices; FlashAttention's grid (one thread block per query tile, split along the cache for pure
///         decodes only). Forms chosen on operator tables of two cards
/// Error:  per operator 2 % (matrices) and 8 % (attention) at the median of those tables; a run of vLLM, see kind serving_run
[[nodiscard]] Seconds step_time(const OperatorCoefficients& c, const OperatorWork& work, const OperatorBatch& batch);

/// The parts of step_time(), for tables that list operators: one layer's matrices without and its attention with their overhead
/// left out, and the head.
[[nodiscard]] Seconds matrix_time(const OperatorCoefficients& c, const OperatorWork& work, double num_tokens);
[[nodiscard]] Seconds attention_time(const OperatorCoefficients& c, const OperatorWork& work, const OperatorBatch& batch);
[[nodiscard]] Seconds head_time(const OperatorCoefficients& c, const OperatorWork& work, double num_sampled);

/// Law:    0.89 of the datasheet's bandwidth and 0.82 of its rate of matrices; attention at 0.5 and mixed decodes at 0.0095 of
///         that rate; 30 us of launches a layer, 25 ns a token in a chain, 0.8 us per decode
/// Valid:  vLLM on NVIDIA cards from Ampere on
/// Source: means of the coefficients fitted to the operator tables of an RTX 4090 and an RTX PRO 6000
/// Error:  the two differ from the means by 5 to 40 % in single coefficients
[[nodiscard]] OperatorCoefficients typical_coefficients(const AcceleratorSpec& card);

}  // namespace labtwin::serving
