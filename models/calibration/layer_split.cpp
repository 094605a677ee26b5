#include "models/calibration/layer_split.hpp"

#include <algorithm>
#include <numeric>

namespace labtwin::calibration {

LayerSplit split_layers(const std::vector<double>& shares, int num_layers, int layers_on_cards) {
  LayerSplit split;
  split.layers.assign(std::max<std::size_t>(1, shares.size()), 0);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  const int placed = std::min(layers_on_cards, num_layers + 1);
  const auto card_of = [&](int i) {
    double cumulated = 0.0;
    for (std::size_t card = 0; card + 1 < shares.size(); ++card) {
      cumulated += shares[card] / sum;
      if (static_cast<double>(i) / placed < cumulated) return card;
    }
    return split.layers.size() - 1;
  };
  // The last layers go to the cards, the head as the very last.
  const bool has_head = placed == num_layers + 1;
  for (int i = 0; i < placed; ++i) {
    const std::size_t card = card_of(i);
    if (has_head && i == placed - 1) {
      split.head_card = static_cast<int>(card);
    } else {
      ++split.layers[card];
    }
  }
  return split;
}

}  // namespace labtwin::calibration
