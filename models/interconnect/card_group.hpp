#pragma once

// Cards of one machine that work on one model.

#include <string>

#include "models/interconnect/link_rate.hpp"

namespace labtwin::interconnect {

/// How a model is split over cards: whole layers on each, which work one after the other, or a share of every matrix on each,
/// which work together and add up their results twice a layer.
enum class ModelSplit : unsigned char { Layers, Tensors };

struct CardGroup {
  int num_cards = 1;
  ModelSplit split = ModelSplit::Layers;
  CardLink link{};                   ///< of the card that has the narrowest
  std::string path = "pcie staged";  ///< between cards: `pcie staged` through the memory of the host, `pcie direct`, `nvlink`
};

}  // namespace labtwin::interconnect
