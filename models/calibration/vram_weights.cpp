#include "models/calibration/vram_weights.hpp"

#include <algorithm>

namespace labtwin::calibration {
namespace {

using serving::ModelShape;
using serving::ModelWeights;

constexpr double kGiB = 1073741824.0;
constexpr double kCommonCard = 24.0 * kGiB;
// Of cards whose owner does not say how a model is stored, weights take about this; below so few bits they do not all lie
// there.
constexpr double kWeightShare = 0.75;
constexpr double kUsualBits = 4.85;
constexpr double kFewestBits = 2.0;
constexpr double kRecipeBits = 8.5;
// Of cards on which somebody placed tensors by name, these take about this.
constexpr double kPlacedShare = 0.6;

serving::Quantisation unstated_llama_quant(const VramRow& row, const ModelShape& shape) {
  double bits = kUsualBits;
  if (!row.overrides_tensors && !row.cards.empty() && row.layers_on_card != 0) {
    const double fitting = 8.0 * kWeightShare * cards_memory(row).value() / shape.num_parameters;
    if (fitting >= kFewestBits) bits = std::min(bits, fitting);
  }
  return serving::Quantisation::uniform("unstated", {.bits = bits, .embedding_bits = std::max(bits, 6.0)});
}

/// On other engines the first of 16, 8 and 4.5 bits that leaves a quarter of the cards to the cache.
serving::Quantisation unstated_quant(const VramRow& row, const ModelShape& shape) {
  if (row.engine == Engine::LlamaCpp) return unstated_llama_quant(row, shape);
  for (const double bits : {16.0, 8.0}) {
    auto quant = serving::Quantisation::uniform("unstated", {.bits = bits, .embedding_bits = 16.0});
    if (serving::model_weights(shape, quant).in_file() <= cards_memory(row) * kWeightShare) return quant;
  }
  return serving::Quantisation::uniform("unstated", {.bits = 4.5, .embedding_bits = 16.0});
}

void scale(ModelWeights& weights, double factor) {
  weights.token_embedding *= factor;
  weights.output_head *= factor;
  for (serving::LayerWeights& layer : weights.layers) {
    layer.dense *= factor;
    layer.experts *= factor;
  }
}

/// Eight bits in all but the experts, which take the rest of the file.
ModelWeights recipe_weights(const ModelShape& shape, Bytes file) {
  auto weights = serving::model_weights(
      shape, serving::Quantisation::uniform("recipe", {.bits = kRecipeBits, .embedding_bits = kRecipeBits}));
  const Bytes others = weights.in_file() - (weights.in_layers() - dense_layers(weights));
  const double factor = std::max(0.0, (file - others) / (weights.in_file() - others));
  for (serving::LayerWeights& layer : weights.layers) layer.experts *= factor;
  return weights;
}

}  // namespace

serving::AcceleratorSpec card_of(const VramRow& row) {
  if (!row.cards.empty() && row.cards.front()) return row.cards.front()->spec;
  serving::AcceleratorSpec card;
  card.memory = row.memory(0).value_or(Bytes::from_base(kCommonCard));
  card.compute_units = 82;
  return card;
}

Bytes cards_memory(const VramRow& row) {
  Bytes sum;
  for (int card = 0; card < row.num_cards; ++card) sum += row.memory(card).value_or(Bytes::from_base(kCommonCard));
  return sum;
}

Bytes dense_layers(const ModelWeights& weights) {
  Bytes sum;
  for (const serving::LayerWeights& layer : weights.layers) sum += layer.dense;
  return sum;
}

ModelWeights weights_of(const VramRow& row) {
  const ModelShape& shape = row.model->shape;
  ModelWeights weights = serving::model_weights(shape, row.quant.value_or(unstated_quant(row, shape)));
  if (row.is_recipe && shape.experts) return recipe_weights(shape, row.file.value_or(weights.in_file()));
  if (row.file) scale(weights, *row.file / weights.in_file());
  return weights;
}

bool leaves_experts_to_host(const VramRow& row, const ModelWeights& weights) {
  if (!row.model->shape.experts || row.engine == Engine::Vllm) return false;
  if (row.experts_on_host) return true;
  const bool runs_all = row.layers_on_card.value_or(row.model->shape.layers + 1) > row.model->shape.layers;
  const bool is_fork = row.build == serving::LlamaBuild::Fork;
  return is_fork && !row.overrides_tensors && runs_all && weights.in_file() > cards_memory(row);
}

Bytes host_weights(const VramRow& row, const ModelWeights& weights, double layers) {
  const bool has_no_cards = row.cards.empty() && !row.layers_told;
  if (row.layers_on_card == 0 || has_no_cards) return weights.in_file();
  if (leaves_experts_to_host(row, weights)) return weights.in_file() - dense_layers(weights) - weights.output_head;
  const auto all = static_cast<double>(weights.layers.size());
  if (row.layers_on_card && *row.layers_on_card <= static_cast<int>(all)) {
    return weights.token_embedding + weights.in_layers() * (layers / all);
  }
  if (!row.leaves_some_on_host && cards_memory(row) >= weights.in_file()) return weights.token_embedding;
  return std::max(weights.token_embedding, weights.in_file() - cards_memory(row) * kPlacedShare);
}

}  // namespace labtwin::calibration
