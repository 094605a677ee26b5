#include "sim/scenario/board_slots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "models/base/text.hpp"
#include "models/registry.hpp"

namespace labtwin {
namespace {

using topology::Board;
using topology::PcieLanes;
using topology::Slot;
using topology::SlotForm;

bool is_known(const catalog::Catalog& catalog, std::string_view family, const std::string& part) {
  const std::vector<std::string>& parts = catalog.parts(family);
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

std::optional<PcieLanes> native_of_card(const std::string& part, const catalog::Catalog& catalog) {
  if (!is_known(catalog, "gpus", part)) return std::nullopt;
  const serving::AcceleratorSpec spec = load_accelerator(catalog, part).spec;
  if (!spec.pcie_generation || !spec.pcie_lanes) return std::nullopt;
  return PcieLanes{static_cast<unsigned>(*spec.pcie_generation), static_cast<unsigned>(*spec.pcie_lanes)};
}

/// What a drive is made for; nothing if its entry does not tell.
std::optional<storage::DriveLink> native_of_drive(const std::string& part, const catalog::Catalog& catalog) {
  return is_known(catalog, "drives", part) ? load_drive(catalog, part).interface : std::nullopt;
}

std::optional<PcieLanes> lanes_of(const std::optional<storage::DriveLink>& link) {
  if (!link || link->kind != storage::LinkKind::Pcie) return std::nullopt;
  return PcieLanes{link->generation, link->lanes};
}

storage::DriveLink drive_link(const PcieLanes& lanes) {
  return {.kind = storage::LinkKind::Pcie, .generation = lanes.generation, .lanes = lanes.lanes};
}

std::set<std::string> used_slots(const NodeSpec& node) {
  std::set<std::string> used;
  for (const GpuSpec& gpu : node.gpus) used.insert(gpu.slot);
  for (const DriveSpec& drive : node.drives) used.insert(drive.slot);
  for (const NicSpec& nic : node.nics) used.insert(nic.slot);
  used.erase("");
  return used;
}

bool takes(const Slot& slot, bool is_card) {
  return !is_card || slot.form != SlotForm::M2;
}

/// Seats the parts of one node and says what is wrong.
class Seating {
 public:
  Seating(const Board& board, const NodeSpec& node) : board_(&board), used_(used_slots(node)) {}

  /// The link of the part in this slot; a mistake at the key `slot` if there is none.
  std::optional<PcieLanes> seat(TableReader& table, const std::string& slot, bool is_card) {
    const Slot* found = board_->find(slot);
    if (found == nullptr) {
      table.fail("slot", fmt::format("the board has no slot \"{}\"", printable(slot)), can_take(is_card));
      return std::nullopt;
    }
    if (!takes(*found, is_card)) {
      table.fail("slot", fmt::format("{} takes drives, no cards", slot), can_take(is_card));
      return std::nullopt;
    }
    if (!seated_.emplace(slot).second) {
      table.fail("slot", fmt::format("another part sits in {}", slot), can_take(is_card));
      return std::nullopt;
    }
    std::string taker;
    const auto link = board_->link_of(*found, used_, taker);
    if (!link) table.fail("slot", fmt::format("{} is off while a part sits in {}", slot, taker), can_take(is_card));
    return link;
  }

 private:
  /// The empty slots that would take it.
  [[nodiscard]] std::string can_take(bool is_card) const {
    std::vector<std::string> names;
    for (const Slot& slot : board_->slots) {
      std::string taker;
      if (takes(slot, is_card) && !used_.contains(slot.name) && board_->link_of(slot, used_, taker)) names.push_back(slot.name);
    }
    return names.empty() ? "no other slot can take it" : fmt::format("these can take it: {}", join_names(names));
  }

  const Board* board_;
  std::set<std::string> used_;
  std::set<std::string> seated_;
};

void seat_card(TableReader& table, GpuSpec& gpu, const PcieLanes& slot, const catalog::Catalog& catalog) {
  PcieLanes link = slot;
  if (const auto native = native_of_card(gpu.part, catalog)) link = topology::negotiated(link, *native);
  if (table.has("link") && gpu.link.kind == storage::LinkKind::Pcie) {
    link = topology::negotiated(link, {gpu.link.generation, gpu.link.lanes});
  }
  gpu.link = drive_link(link);
}

void seat_drive(TableReader& table, DriveSpec& drive, const PcieLanes& slot, const catalog::Catalog& catalog) {
  const auto native = native_of_drive(drive.part, catalog);
  if (native && native->kind != storage::LinkKind::Pcie) {
    table.fail("slot", fmt::format("cannot take {}, which is made for {}", drive.part, storage::drive_link_name(*native)),
               "leave out the key `slot`: its cable goes to the board");
    return;
  }
  storage::DriveLink link = drive_link(slot);
  if (native) link = storage::negotiated(link, *native);
  if (drive.link) link = storage::negotiated(link, *drive.link);
  drive.link = link;
}

}  // namespace

void seat_parts(TableReader& node_table, NodeSpec& node, const catalog::Catalog& catalog) {
  node.board = node_table.value_or<std::string>("board", "");
  if (node.board.empty()) return;
  if (!is_known(catalog, "boards", node.board)) {
    auto [rule, hint] = catalog::missing_part(catalog, "boards", node.board);
    node_table.fail("board", std::move(rule), std::move(hint));
    return;
  }
  const Board board = load_board(catalog, node.board).board;
  Seating seating(board, node);
  std::vector<TableReader> gpus = node_table.named_tables("gpus");
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    GpuSpec& gpu = node.gpus[i];
    if (gpu.slot.empty()) continue;
    if (const auto link = seating.seat(gpus[i], gpu.slot, true)) seat_card(gpus[i], gpu, *link, catalog);
  }
  std::vector<TableReader> drives = node_table.named_tables("drives");
  for (std::size_t i = 0; i < drives.size(); ++i) {
    DriveSpec& drive = node.drives[i];
    if (drive.slot.empty()) continue;
    if (const auto link = seating.seat(drives[i], drive.slot, false)) seat_drive(drives[i], drive, *link, catalog);
  }
  std::vector<TableReader> nics = node_table.named_tables("nics");
  for (std::size_t i = 0; i < nics.size(); ++i) {
    if (!node.nics[i].slot.empty()) static_cast<void>(seating.seat(nics[i], node.nics[i].slot, true));
  }
}

bool Seat::is_crippled() const noexcept {
  return native && (link.lanes < native->lanes || link.generation < native->generation);
}

std::vector<Seat> seats_of(const NodeSpec& node, const catalog::Catalog& catalog) {
  std::vector<Seat> seats;
  if (node.board.empty()) return seats;
  const Board board = load_board(catalog, node.board).board;
  const std::set<std::string> used = used_slots(node);
  const auto add = [&](const std::string& part, const std::string& name, const std::optional<PcieLanes>& native,
                       const std::optional<PcieLanes>& link) {
    const Slot* slot = board.find(name);
    if (slot == nullptr) return;
    Seat seat{.part = fmt::format("{}.{}", node.name, part), .slot = name, .link = slot->link, .native = native, .taker = {}};
    seat.on_chipset = slot->on_chipset;
    const auto left = board.link_of(*slot, used, seat.taker);
    seat.link = link.value_or(left.value_or(slot->link));
    seats.push_back(std::move(seat));
  };
  for (const GpuSpec& gpu : node.gpus) {
    add(gpu.name, gpu.slot, native_of_card(gpu.part, catalog), PcieLanes{gpu.link.generation, gpu.link.lanes});
  }
  for (const DriveSpec& drive : node.drives) {
    add(drive.name, drive.slot, lanes_of(native_of_drive(drive.part, catalog)), lanes_of(drive.link));
  }
  for (const NicSpec& nic : node.nics) add(nic.name, nic.slot, std::nullopt, std::nullopt);
  return seats;
}

}  // namespace labtwin
