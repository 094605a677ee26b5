#pragma once

// Parts of a node in the slots of its board: who fits where, and what link each part gets.
//
//   [nodes.box]
//   board = "msi-meg-x570-unify"             # models/catalog/boards
//   gpus.gpu0 = { part = "rtx-3090", slot = "PCI_E1" }
//   drives.nvme0 = { part = "samsung-980-pro-1tb", slot = "M2_1" }

#include <optional>
#include <string>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "models/topology/board.hpp"
#include "sim/scenario/lab.hpp"

namespace labtwin {

/// Reads the key `board` of a node and seats its parts: their links become what slot and part agree on. A part in a slot that
/// cannot take it is a mistake, which names the slots that can.
void seat_parts(TableReader& node_table, NodeSpec& node, const catalog::Catalog& catalog);

/// A part in its slot.
struct Seat {
  std::string part;  ///< `box.gpu0`
  std::string slot;
  topology::PcieLanes link;                   ///< as negotiated
  std::optional<topology::PcieLanes> native;  ///< what the part is made for, where that is known
  std::string taker;                          ///< the slot whose part took lanes; may be empty
  bool on_chipset = false;

  /// Whether the part gets less than it is made for.
  [[nodiscard]] bool is_crippled() const noexcept;
};

/// The seats of a node; empty without a board.
[[nodiscard]] std::vector<Seat> seats_of(const NodeSpec& node, const catalog::Catalog& catalog);

}  // namespace labtwin
