#pragma once

// How vLLM divides a card: a share of it is its budget, weights and the activation peak of a profiling run come off, the rest
// becomes blocks of KV cache.

#include "models/base/units.hpp"
#include "models/serving/accelerator_spec.hpp"
#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {

struct VllmSettings {
  double memory_utilization = 0.9;  ///< `gpu_memory_utilization`
  double max_batched_tokens = 2048.0;
  double max_sequences = 256.0;
  double tensor_parallel = 1.0;
  double pipeline_parallel = 1.0;  ///< stages, each with a share of the layers
  double expert_copies = 1.0;      ///< of the model, over which the routed experts are spread
  Bytes cpu_offload{};             ///< of each card, that stays in the memory of the host: `cpu_offload_gb`
  KvTypes kv{};
  double block_tokens = 16.0;
  double max_context = 0.0;  ///< `max_model_len`; 0: the model's
};

struct VllmMemory {
  Bytes budget;           ///< share of the card that the engine takes
  Bytes weights;          ///< per card
  Bytes activation_peak;  ///< of a step of `max_batched_tokens`
  Bytes outside_torch;    ///< context, libraries, communication
  Bytes kv_cache;         ///< what is left, zero if nothing is
  double kv_blocks = 0.0;
  double kv_tokens = 0.0;
};

/// Law:    KV = utilization x memory - weights - outside - peak. The peak is the larger of a step of `max_batched_tokens`,
///         tokens x (3 hidden + 3 feed-forward columns / TP) x 2 B, and of the sampler, sequences x vocabulary x 6 x 4 B;
///         outside are the context's reserve and 0.35 GiB of communication buffers for each card beyond the first, at most
///         four times. Of the layers' weights `cpu_offload_gb` stays in the memory of the host
/// Inputs: weights of the model in this quantisation; settings; usable memory of the card
/// Valid:  vLLM 0.6 to 0.26, decoders on NVIDIA cards, no speculative decoding, no images
/// Source: vllm-project/vllm vllm/v1/worker/gpu_worker.py determine_available_memory. The profile of Llama-3.1-8B on an RTX
///         3090 reports 2.07 and 2.99 GiB for 20,000 and 29,000 tokens, the law 2.06 and 2.99; the sampler's six copies of the
///         logits are assumed
/// Error:  see `labtwin validate` of kind vram_usage
[[nodiscard]] VllmMemory vllm_memory(const ModelShape& shape, const ModelWeights& weights, const AcceleratorSpec& card,
                                     const VllmSettings& settings);

}  // namespace labtwin::serving
