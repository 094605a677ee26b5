#pragma once

// Cards of one machine that work on one model.

#include <string>
#include <string_view>

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

/// Law:    GeForce cards from the 20 series on cannot reach each other's memory over PCIe, others can
/// Inputs: the part's name in the catalog
/// Valid:  NVIDIA's own driver
/// Source: nccl-tests and p2pBandwidthLatencyTest of rigs, see kind collectives
/// Error:  a changed driver opens it, which a lab may say
[[nodiscard]] bool reaches_peers(std::string_view part) noexcept;

}  // namespace labtwin::interconnect
