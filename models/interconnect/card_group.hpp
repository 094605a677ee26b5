#pragma once

// Cards of one machine that work on one model.

#include <string>
#include <string_view>

#include "models/interconnect/link_rate.hpp"

namespace labtwin::interconnect {

/// How a model is split over cards: whole layers on each, which work one after the other, or a share of every matrix on each,
/// which work together and add up their results twice a layer.
enum class ModelSplit : unsigned char { Layers, Tensors };

/// How a card's copies to another one go through the host's memory: whole buffers in and out one after the other, or both at
/// once.
enum class Staging : unsigned char { Overlapped, Forwarded };

struct CardGroup {
  int num_cards = 1;
  ModelSplit split = ModelSplit::Layers;
  int num_stages = 1;                ///< of cards that share every matrix, one after the other
  int expert_copies = 1;             ///< copies of the model, these cards each, that have one set of experts between them
  CardLink link{};                   ///< of the card that has the narrowest
  std::string path = "pcie staged";  ///< between cards: `pcie staged` through the memory of the host, `pcie direct`, `nvlink`
  Staging staging = Staging::Overlapped;

  [[nodiscard]] int cards_per_stage() const noexcept { return num_cards / num_stages; }
};

/// Whether a card's name, or its part's in the catalog, is that of a GeForce RTX.
/// Law:    these cannot reach each other's memory over PCIe, others can
/// Inputs: `RTX 3090`, `rtx-4090`
/// Valid:  NVIDIA's own driver; a changed one opens it
/// Source: nccl-tests and p2pBandwidthLatencyTest of rigs, see kind collectives
/// Error:  of the name none
[[nodiscard]] bool is_geforce(std::string_view name) noexcept;

/// The vendor of a card by what people call it; NVIDIA of names that tell none.
[[nodiscard]] std::string_view vendor_in_name(std::string_view name);

/// Whether the vendor's library lets cards that can reach each other's memory do so, or sends what they say through the host's.
/// Law:    NVIDIA's behind common switches always, across the bridges of the host two cards, more only if it is told to; those
///         of other vendors always
/// Inputs: the cards' vendor; how many talk to each other; whether switches have them all
/// Valid:  NCCL 2.19 and later on AMD's processors, unless NCCL_P2P_LEVEL says otherwise. On Intel's it lets no pair either,
///         but engines have kernels of their own for pairs
/// Source: NVIDIA/nccl src/graph/paths.cc, ncclTopoCheckP2p
/// Error:  of the rule none
[[nodiscard]] bool library_lets_reach(std::string_view vendor, int num_cards, bool behind_switch) noexcept;

/// Law:    NVIDIA's cards up to Ampere forward, later ones overlap
/// Inputs: an architecture as the vendor names it
/// Valid:  NVIDIA; others count as later ones
/// Source: p2pBandwidthLatencyTest without peer access, fit rows of kind pcie_links: 0.45 of a copy's rate, and 0.77 to 0.95
/// Error:  within 20 % on five of six rigs left out of the fit; one that interleaves two dies takes twice as long
[[nodiscard]] Staging staging_of(std::string_view architecture) noexcept;

}  // namespace labtwin::interconnect
