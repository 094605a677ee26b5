#include "models/serving/model_weights.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

struct Tensor {
  TensorRole role = TensorRole::Other;
  double elements = 0.0;
  int row = 256;
  bool is_expert = false;
};

using Tensors = std::vector<Tensor>;

void add_grouped_attention(const ModelShape& shape, Tensors& tensors) {
  const int hidden = shape.hidden_size;
  const double head = static_cast<double>(hidden) * shape.head_dim;
  tensors.push_back({TensorRole::AttentionQuery, head * shape.heads, hidden});
  tensors.push_back({TensorRole::AttentionKey, head * shape.kv_heads, hidden});
  tensors.push_back({TensorRole::AttentionValue, head * shape.kv_heads, hidden});
  tensors.push_back({TensorRole::AttentionOutput, head * shape.heads, shape.heads * shape.head_dim});
}

void add_latent_attention(const ModelShape& shape, const LatentAttention& latent, Tensors& tensors) {
  const double hidden = shape.hidden_size;
  const double queries = static_cast<double>(shape.heads) * (latent.key_dim + latent.rope_dim);
  const double rank = latent.query_rank.value_or(0);
  tensors.push_back({TensorRole::AttentionQuery, latent.query_rank ? rank * (hidden + queries) : hidden * queries});
  tensors.push_back({TensorRole::AttentionKey, hidden * (latent.kv_rank + latent.rope_dim)});
  tensors.push_back(
      {TensorRole::AttentionKey, static_cast<double>(latent.kv_rank) * shape.heads * (latent.key_dim + latent.value_dim)});
  tensors.push_back({TensorRole::AttentionOutput, static_cast<double>(shape.heads) * latent.value_dim * hidden});
}

void add_linear_attention(const ModelShape& shape, const LinearAttention& linear, Tensors& tensors) {
  const double hidden = shape.hidden_size;
  const double keys = static_cast<double>(linear.key_heads) * linear.head_dim;
  const double values = static_cast<double>(linear.value_heads) * linear.head_dim;
  tensors.push_back({TensorRole::AttentionQuery, hidden * (2.0 * keys + 2.0 * values)});
  tensors.push_back({TensorRole::AttentionOutput, hidden * values});
}

void add_feed_forward(double hidden, double columns, bool is_expert, Tensors& tensors) {
  const int row = static_cast<int>(hidden);
  const bool fits = static_cast<int>(columns) % 256 == 0;
  tensors.push_back({TensorRole::FeedForwardGate, hidden * columns, row, is_expert});
  tensors.push_back({TensorRole::FeedForwardUp, hidden * columns, row, is_expert});
  tensors.push_back({TensorRole::FeedForwardDown, hidden * columns, fits ? 256 : 32, is_expert});
}

/// Whether a layer of a hybrid model has a state of fixed size: all but the last of each group.
bool is_linear(const ModelShape& shape, int layer) {
  if (!shape.linear_attention) return false;
  const int period = std::max(1, shape.layers / std::max(1, shape.layers - shape.linear_attention->layers));
  return layer % period != period - 1;
}

Tensors layer_tensors(const ModelShape& shape, int layer) {
  Tensors tensors;
  if (is_linear(shape, layer)) {
    add_linear_attention(shape, *shape.linear_attention, tensors);
  } else if (shape.latent_attention) {
    add_latent_attention(shape, *shape.latent_attention, tensors);
  } else {
    add_grouped_attention(shape, tensors);
  }
  const double hidden = shape.hidden_size;
  const bool has_experts = shape.experts && layer >= shape.experts->first_dense_layers;
  if (!has_experts) {
    add_feed_forward(hidden, shape.intermediate_size.value_or(4 * shape.hidden_size), false, tensors);
  } else {
    const ExpertShape& experts = *shape.experts;
    Tensors one;
    add_feed_forward(hidden, experts.intermediate_size, true, one);
    for (Tensor& tensor : one) {
      tensor.elements *= experts.count;
      tensors.push_back(tensor);
    }
    if (experts.shared > 0)
      add_feed_forward(hidden, static_cast<double>(experts.shared) * experts.intermediate_size, false, tensors);
    tensors.push_back({TensorRole::Other, hidden * experts.count});
  }
  tensors.push_back({TensorRole::Other, 2.0 * hidden});
  return tensors;
}

double elements_of(const Tensors& tensors) {
  double sum = 0.0;
  for (const Tensor& tensor : tensors) sum += tensor.elements;
  return sum;
}

TensorPlace place_of(const ModelShape& shape, const Tensor& tensor, int layer) {
  return {.role = tensor.role,
          .layer = layer,
          .num_layers = shape.layers,
          .row = tensor.row,
          .grouped_queries = shape.heads >= 4 * shape.kv_heads,
          .num_experts = shape.experts ? shape.experts->count : 0,
          .kept_in_mxfp4 = tensor.is_expert && shape.experts->in_mxfp4};
}

Bytes stored(double elements, double bits) {
  return Bytes::from_base(elements * bits / 8.0);
}

}  // namespace

Bytes ModelWeights::in_layers() const {
  Bytes sum;
  for (const LayerWeights& layer : layers) sum += layer.dense + layer.experts;
  return sum;
}

Bytes ModelWeights::in_file() const {
  // Tied weights are stored once, with the bits of the head.
  return in_layers() + output_head + (tied_embeddings ? Bytes{} : token_embedding);
}

Bytes ModelWeights::read_per_token(const ModelShape& shape) const {
  const double picked = shape.experts ? static_cast<double>(shape.experts->used) / shape.experts->count : 0.0;
  Bytes sum = output_head;
  for (const LayerWeights& layer : layers) sum += layer.dense + layer.experts * picked;
  return sum;
}

ParameterCount count_parameters(const ModelShape& shape) {
  const double tables = (shape.tied_embeddings ? 1.0 : 2.0) * shape.vocabulary * shape.hidden_size;
  const double picked = shape.experts ? static_cast<double>(shape.experts->used) / shape.experts->count : 1.0;
  ParameterCount count{tables, tables};
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (const Tensor& tensor : layer_tensors(shape, layer)) {
      count.all += tensor.elements;
      count.active += tensor.elements * (tensor.is_expert ? picked : 1.0);
    }
  }
  return count;
}

ModelWeights model_weights(const ModelShape& shape, const Quantisation& quant) {
  std::vector<Tensors> layers;
  double elements = 0.0;
  for (int layer = 0; layer < shape.layers; ++layer) {
    layers.push_back(layer_tensors(shape, layer));
    elements += elements_of(layers.back());
  }
  const double table = static_cast<double>(shape.vocabulary) * shape.hidden_size;
  const double in_tables = (shape.tied_embeddings ? 1.0 : 2.0) * table;
  const double scale = std::max(0.1, (shape.num_parameters - in_tables) / elements);

  ModelWeights weights;
  weights.tied_embeddings = shape.tied_embeddings;
  const Tensor head{TensorRole::Output, table, shape.hidden_size};
  const Tensor embedding{shape.tied_embeddings ? TensorRole::Output : TensorRole::TokenEmbedding, table, shape.hidden_size};
  weights.output_head = stored(table, quant.bits(place_of(shape, head, 0)));
  weights.token_embedding = stored(table, quant.bits(place_of(shape, embedding, 0)));
  for (int layer = 0; layer < shape.layers; ++layer) {
    LayerWeights& sum = weights.layers.emplace_back();
    for (const Tensor& tensor : layers[static_cast<std::size_t>(layer)]) {
      const Bytes bytes = stored(tensor.elements * scale, quant.bits(place_of(shape, tensor, layer)));
      (tensor.is_expert ? sum.experts : sum.dense) += bytes;
    }
  }
  return weights;
}

}  // namespace labtwin::serving
