#include "models/serving/achieved.hpp"

#include "models/serving/kv_cache.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {

Accelerator accelerator_of(const AcceleratorSpec& spec) {
  const AchievedShares unmeasured{
      .memory_efficiency = 0.7, .compute_efficiency = 0.4, .step_overhead = Seconds::from_base(3e-3)};
  const AchievedShares achieved = spec.achieved.value_or(unmeasured);
  return {.vram = spec.memory,
          .memory_bandwidth = spec.memory_bandwidth,
          .memory_efficiency = achieved.memory_efficiency,
          .peak_flops = spec.peak_fp16(),
          .compute_efficiency = achieved.compute_efficiency,
          .step_overhead = achieved.step_overhead};
}

LanguageModel language_model_of(const ModelShape& shape, const Quantisation& quant) {
  const ModelWeights weights = model_weights(shape, quant);
  // The shares of the bandwidth are relative to the file's size, token embedding and all.
  const Bytes embedding = weights.tied_embeddings ? Bytes{} : weights.token_embedding;
  return {.weights = weights.read_per_token(shape) + embedding,
          .kv_cache = kv_bytes_per_token(shape, KvTypes{}),
          .num_parameters = shape.active_parameters};
}

}  // namespace labtwin::serving
