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

/// Whether a card's name, or its part's in the catalog, is that of a GeForce RTX.
/// Law:    these cannot reach each other's memory over PCIe, others can
/// Inputs: `RTX 3090`, `rtx-4090`
/// Valid:  NVIDIA's own driver; a changed one opens it
/// Source: nccl-tests and p2pBandwidthLatencyTest of rigs, see kind collectives
/// Error:  of the name none
[[nodiscard]] bool is_geforce(std::string_view name) noexcept;

}  // namespace labtwin::interconnect
