#include "models/serving/model_shape.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {
namespace {

ExpertShape read_experts(TableReader table) {
  ExpertShape experts;
  experts.count = table.required<int>("count", at_least(1.0));
  experts.used = table.required<int>("used", at_least(1.0));
  experts.intermediate_size = table.required<int>("intermediate_size", at_least(1.0));
  experts.shared = table.value_or<int>("shared", 0, kNonNegative);
  experts.first_dense_layers = table.value_or<int>("first_dense_layers", 0, kNonNegative);
  experts.in_mxfp4 = table.value_or<bool>("mxfp4", false);
  if (experts.used > experts.count) table.fail("used", "must be at most `count`");
  return experts;
}

LatentAttention read_latent_attention(TableReader table) {
  LatentAttention latent;
  latent.kv_rank = table.required<int>("kv_rank", at_least(1.0));
  latent.rope_dim = table.required<int>("rope_dim", at_least(1.0));
  latent.key_dim = table.required<int>("key_dim", at_least(1.0));
  latent.value_dim = table.required<int>("value_dim", at_least(1.0));
  latent.query_rank = table.optional<int>("query_rank", at_least(1.0));
  return latent;
}

SlidingWindow read_sliding_window(TableReader table) {
  SlidingWindow window;
  window.window = table.required<int>("window", at_least(1.0));
  window.global_every = table.optional<int>("global_every", at_least(2.0));
  window.global_kv_heads = table.optional<int>("global_kv_heads", at_least(1.0));
  window.global_head_dim = table.optional<int>("global_head_dim", at_least(1.0));
  return window;
}

LinearAttention read_linear_attention(TableReader table) {
  LinearAttention linear;
  linear.layers = table.required<int>("layers", at_least(1.0));
  linear.key_heads = table.required<int>("key_heads", at_least(1.0));
  linear.value_heads = table.required<int>("value_heads", at_least(1.0));
  linear.head_dim = table.required<int>("head_dim", at_least(1.0));
  return linear;
}

int rounded(double value, int multiple) {
  return std::max(multiple, multiple * static_cast<int>(std::lround(value / multiple)));
}

}  // namespace

int ModelShape::windowed_layers() const noexcept {
  if (!sliding_window) return 0;
  if (!sliding_window->global_every) return kv_layers();
  return kv_layers() - kv_layers() / *sliding_window->global_every;
}

ModelShape read_model_shape(TableReader& parameters) {
  ModelShape shape;
  shape.num_parameters = parameters.required<double>("num_parameters", kPositive);
  shape.active_parameters = parameters.value_or<double>("active_parameters", shape.num_parameters, kPositive);
  shape.layers = parameters.required<int>("layers", at_least(1.0));
  shape.hidden_size = parameters.required<int>("hidden_size", at_least(1.0));
  shape.intermediate_size = parameters.optional<int>("intermediate_size", at_least(1.0));
  shape.heads = parameters.required<int>("heads", at_least(1.0));
  shape.kv_heads = parameters.required<int>("kv_heads", at_least(1.0));
  shape.head_dim = parameters.required<int>("head_dim", at_least(1.0));
  shape.vocabulary = parameters.required<int>("vocabulary", at_least(1.0));
  shape.tied_embeddings = parameters.value_or<bool>("tied_embeddings", false);
  shape.max_context = parameters.required<int>("max_context", at_least(1.0));
  shape.attention_layers = parameters.optional<int>("attention_layers", at_least(1.0));
  shape.embedding_size = parameters.optional<int>("embedding_size", at_least(1.0));
  if (auto table = parameters.optional_table("experts")) shape.experts = read_experts(std::move(*table));
  if (auto table = parameters.optional_table("latent_attention")) {
    shape.latent_attention = read_latent_attention(std::move(*table));
  }
  if (auto table = parameters.optional_table("sliding_window")) {
    shape.sliding_window = read_sliding_window(std::move(*table));
  }
  if (auto table = parameters.optional_table("linear_attention")) {
    shape.linear_attention = read_linear_attention(std::move(*table));
  }
  if (shape.kv_layers() > shape.layers) parameters.fail("attention_layers", "must be at most `layers`");
  if (shape.active_parameters > shape.num_parameters) {
    parameters.fail("active_parameters", "must be at most `num_parameters`");
  }
  return shape;
}

ModelShape typical_shape(double num_parameters, double active_parameters) {
  constexpr int kExperts = 128;
  ModelShape shape;
  shape.num_parameters = num_parameters;
  shape.active_parameters = active_parameters;
  const double billions = num_parameters / 1e9;
  const bool has_experts = active_parameters < 0.8 * num_parameters;
  shape.layers = rounded(has_experts ? 19.0 * std::pow(billions, 0.20) : 24.0 * std::pow(billions, 0.24), 1);
  shape.hidden_size = rounded(has_experts ? 906.0 * std::pow(billions, 0.30) : 1440.0 * std::pow(billions, 0.43), 128);
  shape.head_dim = 128;
  shape.heads = std::max(8, shape.hidden_size / 128);
  shape.kv_heads = 8;
  shape.vocabulary = 128256;
  shape.tied_embeddings = billions < 4.0;
  shape.max_context = 131072;
  const double embeddings = (shape.tied_embeddings ? 1.0 : 2.0) * shape.vocabulary * shape.hidden_size;
  const double attention = 2.0 * shape.hidden_size * shape.head_dim * (shape.heads + shape.kv_heads);
  const double feed_forward = std::max(0.0, (num_parameters - embeddings) / shape.layers - attention);
  const double columns = feed_forward / (3.0 * shape.hidden_size);
  if (has_experts) {
    // As many are used as make up the active parameters.
    const double dense = embeddings + shape.layers * attention;
    const double picked = (active_parameters - dense) / std::max(1.0, shape.layers * feed_forward);
    shape.experts = ExpertShape{.count = kExperts,
                                .used = std::clamp(static_cast<int>(std::round(kExperts * picked)), 1, kExperts),
                                .intermediate_size = rounded(columns / kExperts, 32),
                                .shared = 0};
  } else {
    shape.intermediate_size = rounded(columns, 128);
  }
  return shape;
}

}  // namespace labtwin::serving
