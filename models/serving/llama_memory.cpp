#include "models/serving/llama_memory.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

constexpr double kFloat = 4.0;
constexpr double kMiB = 1048576.0;
// Per token of a graph: queries and outputs of all heads in the latent space.
constexpr double kAbsorbedQueries = 1.5 * kMiB;
// The same on a processor, which takes the heads one after the other, and where nothing is unpacked.
constexpr double kAbsorbedOnHost = 0.59 * kMiB;
constexpr double kLatentQueries = 0.77 * kMiB;
// Products of fewer tokens per expert than this stay where the weights are (`offload_op`).
constexpr double kOffloadTokens = 32.0;

double activations(const ModelShape& shape, double ubatch) {
  return ubatch * shape.hidden_size * kFloat;
}

/// Of full attention, and a second one where some layers have a window.
double mask_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  double cells = settings.context;
  if (shape.sliding_window) {
    cells += settings.build == LlamaBuild::Fork ? settings.context
                                                : window_cells(*shape.sliding_window, settings.context,
                                                               {.ubatch = settings.ubatch, .sequences = settings.slots});
  }
  return settings.ubatch * cells * kFloat;
}

/// Logits of every token of a graph, and the residuals that are alive beside them.
double logits_bytes(const ModelShape& shape, const LlamaSettings& settings, double residuals) {
  return settings.ubatch * shape.vocabulary * kFloat + residuals * activations(shape, settings.ubatch);
}

/// Scores of all heads before the softmax, with the mask, the queries and residuals.
double score_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  const double scores = shape.heads * settings.context * settings.ubatch * kFloat;
  const double cap = settings.attention_max_batch.value_or(0.0) * kMiB;
  const bool is_capped = cap > 0.0 && cap < scores;
  if (!shape.latent_attention) {
    const double queries = settings.ubatch * shape.heads * shape.head_dim * kFloat;
    return (is_capped ? cap : scores) + mask_bytes(shape, settings) + queries + 3.0 * activations(shape, settings.ubatch);
  }
  if (is_capped) return cap + settings.ubatch * std::max(25.0 * settings.context, kAbsorbedQueries);
  return scores + settings.ubatch * (25.0 * settings.context + 0.66 * kMiB);
}

/// Keys and values of all heads, unpacked from the latent cache, beside what `amb` lets a group of heads take.
double unpacked_latent_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  const LatentAttention& latent = *shape.latent_attention;
  const double head = latent.key_dim + latent.rope_dim + latent.value_dim;
  const double unpacked = shape.heads * head * settings.context * 2.0;
  const double cap = settings.attention_max_batch.value_or(0.0) * kMiB;
  if (cap <= 0.0) return unpacked + kAbsorbedQueries * settings.ubatch;
  return unpacked + std::min(cap, 1.6 * shape.heads * settings.context * settings.ubatch) + 0.25 * kMiB * settings.ubatch;
}

/// Whether the processor multiplies the experts that it holds, or the card fetches their weights.
bool host_computes_experts(const ModelShape& shape, const LlamaSettings& settings) {
  if (!settings.experts_on_host || !shape.experts || settings.build == LlamaBuild::Mainline) return false;
  return settings.ubatch <= kOffloadTokens * shape.experts->count / std::max(1, shape.experts->used);
}

double host_input_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  const double mask = mask_bytes(shape, settings) * settings.input_copies;
  const double hidden = activations(shape, settings.ubatch);
  if (!host_computes_experts(shape, settings)) return mask + hidden;
  const double outputs = shape.experts->used * hidden;
  const double inner = settings.ubatch * shape.experts->used * shape.experts->intermediate_size * kFloat;
  return std::max(mask + outputs, hidden + outputs + inner);
}

double host_model_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  const double logits = logits_bytes(shape, settings, settings.flash_attention ? 1.0 : 2.0);
  if (!settings.flash_attention) return std::max(logits, score_bytes(shape, settings));
  if (!shape.latent_attention || !settings.unpacks_latent) return logits;
  const double cell = shape.latent_attention->kv_rank + shape.latent_attention->rope_dim;
  return std::max(logits, kAbsorbedOnHost * settings.ubatch + shape.heads * cell * settings.context);
}

double card_bytes(const ModelShape& shape, const LlamaSettings& settings, bool has_head) {
  const bool is_pipeline = settings.input_copies > 1.0;
  const double inputs =
      is_pipeline ? settings.input_copies * mask_bytes(shape, settings) : 2.6 * settings.ubatch * settings.context;
  double layers = settings.ubatch * 83.0 * shape.hidden_size + inputs;
  if (settings.build == LlamaBuild::Mainline && settings.experts_on_host) layers += settings.expert_tensor.value();
  const double residuals = settings.build == LlamaBuild::Fork ? 2.0 : 1.0;
  double bytes = layers;
  if (has_head) {
    const double logits = logits_bytes(shape, settings, residuals);
    bytes = is_pipeline || settings.experts_on_host ? std::max(logits, layers) : logits;
  }
  if (!settings.flash_attention) return std::max(bytes, score_bytes(shape, settings));
  if (!shape.latent_attention) return bytes;
  if (!settings.unpacks_latent) return std::max(bytes, kLatentQueries * settings.ubatch);
  return std::max(bytes, unpacked_latent_bytes(shape, settings));
}

}  // namespace

Bytes llama_compute_buffer(const ModelShape& shape, const LlamaSettings& settings, GraphPart part) {
  LlamaSettings graph = settings;
  graph.ubatch = std::min(settings.ubatch, settings.context);
  switch (part) {
    case GraphPart::HostInput:
      return Bytes::from_base(host_input_bytes(shape, graph));
    case GraphPart::HostModel:
      return Bytes::from_base(host_model_bytes(shape, graph));
    case GraphPart::WithHead:
    case GraphPart::WithoutHead:
      break;
  }
  return Bytes::from_base(card_bytes(shape, graph, part == GraphPart::WithHead));
}

}  // namespace labtwin::serving
