#pragma once

// A mainboard: which slots it has, what each hangs on, and what one slot takes from another. A part in a slot gets the lanes
// that are left to it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"

namespace labtwin::topology {

/// Generation and lanes, `pcie4x16`.
struct PcieLanes {
  unsigned generation = 4;
  unsigned lanes = 16;

  bool operator==(const PcieLanes&) const noexcept = default;
};
[[nodiscard]] std::optional<PcieLanes> parse_pcie_lanes(std::string_view text);
[[nodiscard]] std::string pcie_lanes_name(const PcieLanes& lanes);
/// What two ends agree on.
[[nodiscard]] PcieLanes negotiated(const PcieLanes& a, const PcieLanes& b) noexcept;

/// What can be plugged in: cards, drives of the M.2 form, or the cable of a case outside.
enum class SlotForm : unsigned char { Card, M2, Cable };

/// With a part in slot `by`, this slot keeps `lanes`; 0: none.
struct TakenLanes {
  std::string by;
  unsigned lanes = 0;
};

struct Slot {
  std::string name;
  SlotForm form = SlotForm::Card;
  PcieLanes link;  ///< electrical, with all other slots empty
  bool on_chipset = false;
  std::vector<TakenLanes> taken;
  std::string note;  ///< what else the manual says
};

struct Board {
  std::string socket;
  std::string chipset;                ///< empty: all slots hang on the processor
  std::optional<PcieLanes> uplink{};  ///< of the chipset
  std::vector<Slot> slots;

  [[nodiscard]] const Slot* find(std::string_view slot) const noexcept;
  [[nodiscard]] std::vector<std::string> slot_names() const;
  /// The link of a slot while parts sit in these slots; nothing if it is off, and then `taker` is the slot that did it.
  [[nodiscard]] std::optional<PcieLanes> link_of(const Slot& slot, const std::set<std::string>& used, std::string& taker) const;
};

/// Parameters of a `boards` entry of the law `slot_map`.
[[nodiscard]] Board read_board(TableReader& parameters);

}  // namespace labtwin::topology
