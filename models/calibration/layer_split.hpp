#pragma once

// Which layers llama.cpp puts on which card.

#include <vector>

namespace labtwin::calibration {

/// Law:    layer i of the n that go to cards lies on the first card whose cumulated share of the split exceeds i / n
/// Inputs: shares as given by `-ts` or, without it, the cards' memory; the output head is the last of the layers
/// Source: ggml-org/llama.cpp src/llama-model.cpp, load_tensors
/// Error:  exact where the shares are; free memory that differs between like cards moves single layers
struct LayerSplit {
  std::vector<int> layers;  ///< per card, the output head not counted
  int head_card = 0;
};
[[nodiscard]] LayerSplit split_layers(const std::vector<double>& shares, int num_layers, int layers_on_cards);

}  // namespace labtwin::calibration
