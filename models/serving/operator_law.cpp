#include "models/serving/operator_law.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {
namespace {

constexpr double kAttentionKnee = 4.0;
constexpr double kPassesOverLogits = 3.0;
constexpr double kBytesPerActivation = 2.0;

// ||a, b||_p with the larger taken out, so that no power overflows.
Seconds norm(Seconds a, Seconds b, double p) {
  const Seconds larger = std::max(a, b);
  if (larger <= Seconds{}) return larger;
  return larger * std::pow(1.0 + std::pow(std::min(a, b) / larger, p), 1.0 / p);
}

}  // namespace

OperatorWork operator_work(const ModelShape& shape, const ModelWeights& weights, double num_cards) {
  OperatorWork work;
  work.num_layers = static_cast<double>(weights.layers.size());
  for (const LayerWeights& layer : weights.layers) {
    work.layer_weights += layer.dense / (work.num_layers * num_cards);
    work.expert_weights += layer.experts / (work.num_layers * num_cards);
  }
  if (shape.experts) work.experts_used = static_cast<double>(shape.experts->used) / shape.experts->count;
  const double head_elements = static_cast<double>(shape.vocabulary) * shape.hidden_size;
  const double in_layers = shape.active_parameters - head_elements * (shape.tied_embeddings ? 1.0 : 2.0);
  work.token = Flops::from_base(2.0 * std::max(0.0, in_layers) / (work.num_layers * num_cards));
  const double columns = (2.0 * shape.heads + 2.0 * shape.kv_heads) * shape.head_dim;
  const double feed_forward = shape.experts ? static_cast<double>(shape.experts->used) * shape.experts->intermediate_size
                                            : shape.intermediate_size.value_or(4 * shape.hidden_size);
  work.token_activations =
      Bytes::from_base(kBytesPerActivation * (2.0 * shape.hidden_size + (columns + 3.0 * feed_forward) / num_cards));
  const double kv_columns = 2.0 * shape.kv_heads * shape.head_dim;
  work.token_kv = Bytes::from_base(kBytesPerActivation * kv_columns / num_cards);
  work.pair = Flops::from_base(4.0 * shape.heads * shape.head_dim / num_cards);
  work.head_weights = weights.output_head / num_cards;
  work.head = Flops::from_base(2.0 * head_elements / num_cards);
  work.logits = Bytes::from_base(4.0 * shape.vocabulary);
  return work;
}

void spread_experts(OperatorWork& work, double copies) {
  work.expert_weights = work.expert_weights / copies;
  work.experts_used = 1.0 - std::pow(1.0 - work.experts_used, copies);
}

OperatorBatch operator_batch(std::span<const StepPart> step) {
  OperatorBatch batch;
  for (const StepPart& part : step) {
    const double tokens = part.num_tokens;
    const double before = part.num_computed;
    batch.num_tokens += tokens;
    batch.moved_tokens += part.num_moved;
    if (part.samples) batch.num_sampled += 1.0;
    if (part.is_decode) {
      batch.num_decodes += 1.0;
      batch.kv_tokens += before + 1.0;
      batch.longest_kv = std::max(batch.longest_kv, before + 1.0);
    } else {
      batch.longest_chunk = std::max(batch.longest_chunk, tokens);
      batch.longest_prefix = std::max(batch.longest_prefix, before);
      batch.num_pairs += tokens * (before + 0.5 * tokens);
    }
  }
  return batch;
}

Seconds matrix_time(const OperatorCoefficients& c, const OperatorWork& work, double num_tokens) {
  const double experts_read = 1.0 - std::pow(1.0 - work.experts_used, num_tokens);
  const Seconds weights = (work.layer_weights + work.expert_weights * experts_read) / c.bandwidth;
  const Seconds activations = work.token_activations * (c.activation_passes * num_tokens) / c.bandwidth;
  return norm(weights + activations, work.token * num_tokens / c.matrix_rate, c.knee);
}

Seconds attention_time(const OperatorCoefficients& c, const OperatorWork& work, const OperatorBatch& batch) {
  const Seconds sequences = c.decode_overhead * batch.num_decodes;
  if (batch.longest_chunk == 0.0) {
    const double longest = batch.num_decodes * batch.longest_kv;
    return sequences + work.token_kv * (batch.kv_tokens + c.skew * (longest - batch.kv_tokens)) / c.bandwidth;
  }
  const Seconds chain = c.attention_chain * (batch.longest_prefix + batch.longest_chunk);
  const Seconds prompts = norm(work.pair * batch.num_pairs / c.attention_rate, chain, kAttentionKnee);
  const Seconds decodes = work.pair * batch.kv_tokens / c.mixed_decode_rate;
  return sequences + std::max(prompts + decodes, c.attention_chain * batch.longest_kv);
}

Seconds head_time(const OperatorCoefficients& c, const OperatorWork& work, double num_sampled) {
  return norm(work.head_weights / c.bandwidth, work.head * num_sampled / c.matrix_rate, c.knee) +
         work.logits * (kPassesOverLogits * num_sampled) / c.bandwidth;
}

Seconds step_time(const OperatorCoefficients& c, const OperatorWork& work, const OperatorBatch& batch) {
  const Seconds layer = matrix_time(c, work, batch.num_tokens) + attention_time(c, work, batch) + c.layer_overhead;
  return layer * work.num_layers + head_time(c, work, batch.num_sampled);
}

OperatorCoefficients typical_coefficients(const AcceleratorSpec& card) {
  const FlopsPerSecond peak = card.fp16_matrix.value_or(card.peak_fp16());
  return {.bandwidth = card.memory_bandwidth * 0.89,
          .matrix_rate = peak * 0.82,
          .knee = 4.3,
          .activation_passes = 5.4,
          .layer_overhead = Seconds::from_base(30e-6),
          .attention_rate = peak * 0.5,
          .attention_chain = Seconds::from_base(25e-9),
          .mixed_decode_rate = peak * 0.0095,
          .decode_overhead = Seconds::from_base(0.8e-6),
          .skew = 0.054};
}

}  // namespace labtwin::serving
