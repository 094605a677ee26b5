#include "models/serving/vllm_memory.hpp"

#include <algorithm>
#include <cmath>

#include "models/serving/card_memory.hpp"

namespace labtwin::serving {
namespace {

constexpr double kHalf = 2.0;
constexpr double kFloat = 4.0;
constexpr double kSamplerCopies = 6.0;
constexpr double kGiB = 1073741824.0;

double step_peak(const ModelShape& shape, const VllmSettings& settings) {
  double columns = shape.intermediate_size.value_or(0);
  if (shape.experts) columns = std::max(columns, static_cast<double>(shape.experts->used) * shape.experts->intermediate_size);
  return settings.max_batched_tokens * 3.0 * (shape.hidden_size + columns / settings.tensor_parallel) * kHalf;
}

double sampler_peak(const ModelShape& shape, const VllmSettings& settings) {
  return settings.max_sequences * shape.vocabulary * kFloat * kSamplerCopies;
}

// Of all cards of a copy together.
Bytes weights_of_copy(const ModelWeights& weights, const VllmSettings& settings) {
  Bytes experts;
  for (const LayerWeights& layer : weights.layers) experts += layer.experts;
  return weights.in_file() - experts * (1.0 - 1.0 / settings.expert_copies);
}

double communication(const VllmSettings& settings) {
  return 0.35 * kGiB * std::min(settings.tensor_parallel - 1.0, 4.0);
}

}  // namespace

VllmMemory vllm_memory(const ModelShape& shape, const ModelWeights& weights, const AcceleratorSpec& card,
                       const VllmSettings& settings) {
  VllmMemory memory;
  memory.budget = usable_memory(card) * settings.memory_utilization;
  memory.weights = weights_of_copy(weights, settings) / (settings.tensor_parallel * settings.pipeline_parallel);
  memory.weights -=
      std::min(settings.cpu_offload, weights.in_layers() / (settings.tensor_parallel * settings.pipeline_parallel));
  memory.activation_peak = Bytes::from_base(std::max(step_peak(shape, settings), sampler_peak(shape, settings)));
  memory.outside_torch = context_reserve(card) + Bytes::from_base(communication(settings));
  memory.kv_cache = std::max(Bytes{}, memory.budget - memory.weights - memory.activation_peak - memory.outside_torch);
  // A card keeps whole heads; the latent vector of MLA is kept by every card.
  const double heads_per_card = std::max(1.0, shape.kv_heads / settings.tensor_parallel) / shape.kv_heads;
  const double share = shape.latent_attention ? 1.0 : heads_per_card;
  const KvLayout layout{.ubatch = settings.max_batched_tokens, .sequences = 1.0};
  const BytesPerToken per_token = kv_bytes_per_token(shape, settings.kv, layout) * (share / settings.pipeline_parallel);
  memory.kv_blocks = std::floor(memory.kv_cache.value() / (per_token.value() * settings.block_tokens));
  memory.kv_tokens = memory.kv_blocks * settings.block_tokens;
  return memory;
}

}  // namespace labtwin::serving
