#include "models/serving/llama_memory.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

constexpr double kFloat = 4.0;
constexpr double kMiB = 1048576.0;
// Per token of a graph: queries and outputs of all heads in the latent space.
constexpr double kAbsorbedQueries = 1.5 * kMiB;

/// Logits of every token of a graph, and the residual twice.
double logits_bytes(const ModelShape& shape, double ubatch) {
  return ubatch * (shape.vocabulary + 2.0 * shape.hidden_size) * kFloat;
}

/// Scores of all heads before the softmax; latent attention keeps the mask and the absorbed queries beside them.
double score_bytes(const ModelShape& shape, const LlamaSettings& settings) {
  const double scores = shape.heads * settings.context * settings.ubatch * kFloat;
  const double cap = settings.attention_max_batch.value_or(0.0) * kMiB;
  const bool is_capped = cap > 0.0 && cap < scores;
  if (!shape.latent_attention) return is_capped ? cap : scores;
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

}  // namespace

Bytes llama_compute_buffer(const ModelShape& shape, const LlamaSettings& settings, GraphPart part) {
  const double ubatch = std::min(settings.ubatch, settings.context);
  LlamaSettings graph = settings;
  graph.ubatch = ubatch;
  if (part == GraphPart::HostInput) return Bytes::from_base(ubatch * (settings.context + shape.hidden_size) * kFloat);
  double bytes =
      part == GraphPart::WithHead ? logits_bytes(shape, ubatch) : ubatch * (83.0 * shape.hidden_size + 2.6 * settings.context);
  if (!settings.flash_attention) bytes = std::max(bytes, score_bytes(shape, graph));
  if (settings.flash_attention && shape.latent_attention) bytes = std::max(bytes, unpacked_latent_bytes(shape, graph));
  return Bytes::from_base(bytes);
}

}  // namespace labtwin::serving
