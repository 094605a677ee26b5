#include "models/serving/weight_placement.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {

double WeightPlacement::touched(double tokens) const {
  return 1.0 - std::pow(1.0 - picked, tokens);
}

WeightPlacement place_weights(const ModelShape& shape, const ModelWeights& weights, int layers_on_card,
                              int expert_layers_in_host) {
  WeightPlacement placement;
  if (shape.experts) placement.picked = static_cast<double>(shape.experts->used) / shape.experts->count;
  const auto num_layers = static_cast<int>(weights.layers.size());
  const int first_on_card = num_layers - std::min(layers_on_card, num_layers);
  for (int i = 0; i < num_layers; ++i) {
    const LayerWeights& layer = weights.layers[static_cast<std::size_t>(i)];
    const bool on_card = i >= first_on_card;
    (on_card ? placement.dense_on_card : placement.dense_in_host) += layer.dense;
    (on_card && i >= expert_layers_in_host ? placement.experts_on_card : placement.experts_in_host) += layer.experts;
  }
  (layers_on_card > num_layers ? placement.dense_on_card : placement.dense_in_host) += weights.output_head;
  return placement;
}

}  // namespace labtwin::serving
