#include "models/topology/board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "models/base/text.hpp"

namespace labtwin::topology {
namespace {

constexpr unsigned kNewestGeneration = 6;
constexpr unsigned kMostLanes = 16;

const EnumNames<SlotForm> kForms = {{"card", SlotForm::Card}, {"m2", SlotForm::M2}, {"cable", SlotForm::Cable}};

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional<unsigned>(value) : std::nullopt;
}

std::optional<PcieLanes> read_lanes(TableReader& table, std::string_view key) {
  const std::string text = table.required<std::string>(key);
  const auto lanes = parse_pcie_lanes(text);
  if (!lanes && !text.empty()) table.fail(key, "must be a PCIe link: pcie1x1 to pcie6x16");
  return lanes;
}

Slot read_slot(TableReader& table) {
  Slot slot;
  slot.name = table.name();
  slot.form = table.enumeration("form", kForms);
  slot.link = read_lanes(table, "link").value_or(slot.link);
  slot.on_chipset = table.value_or<bool>("on_chipset", false);
  slot.note = table.value_or<std::string>("note", "");
  for (TableReader& taken : table.tables("taken")) {
    slot.taken.push_back({taken.required<std::string>("by"), taken.value_or<unsigned>("leaves", 0)});
    if (slot.taken.back().lanes >= slot.link.lanes) taken.fail("leaves", "must be fewer lanes than the slot has");
  }
  return slot;
}

}  // namespace

std::optional<PcieLanes> parse_pcie_lanes(std::string_view text) {
  if (!text.starts_with("pcie")) return std::nullopt;
  text.remove_prefix(4);
  const std::size_t cross = text.find('x');
  if (cross == std::string_view::npos) return std::nullopt;
  const auto generation = whole_number(text.substr(0, cross));
  const auto lanes = whole_number(text.substr(cross + 1));
  if (!generation || *generation < 1 || *generation > kNewestGeneration) return std::nullopt;
  if (!lanes || *lanes < 1 || *lanes > kMostLanes || (*lanes & (*lanes - 1)) != 0) return std::nullopt;
  return PcieLanes{*generation, *lanes};
}

std::string pcie_lanes_name(const PcieLanes& lanes) {
  return fmt::format("pcie{}x{}", lanes.generation, lanes.lanes);
}

PcieLanes negotiated(const PcieLanes& a, const PcieLanes& b) noexcept {
  return {std::min(a.generation, b.generation), std::min(a.lanes, b.lanes)};
}

const Slot* Board::find(std::string_view slot) const noexcept {
  const auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& one) { return one.name == slot; });
  return found == slots.end() ? nullptr : &*found;
}

std::vector<std::string> Board::slot_names() const {
  std::vector<std::string> names;
  for (const Slot& slot : slots) names.push_back(slot.name);
  return names;
}

std::optional<PcieLanes> Board::link_of(const Slot& slot, const std::set<std::string>& used, std::string& taker) const {
  PcieLanes link = slot.link;
  for (const TakenLanes& taken : slot.taken) {
    if (!used.contains(taken.by) || taken.lanes >= link.lanes) continue;
    link.lanes = taken.lanes;
    taker = taken.by;
  }
  return link.lanes == 0 ? std::nullopt : std::optional<PcieLanes>(link);
}

Board read_board(TableReader& parameters) {
  Board board;
  board.socket = parameters.required<std::string>("socket");
  board.chipset = parameters.value_or<std::string>("chipset", "");
  if (parameters.has("uplink")) board.uplink = read_lanes(parameters, "uplink");
  std::vector<TableReader> tables = parameters.named_tables("slots");
  for (TableReader& table : tables) board.slots.push_back(read_slot(table));
  const std::vector<std::string> names = board.slot_names();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (board.slots[i].on_chipset && !board.uplink) tables[i].fail("on_chipset", "needs the key `uplink` of the board");
    for (const TakenLanes& taken : board.slots[i].taken) {
      if (board.find(taken.by) != nullptr) continue;
      tables[i].fail("taken", fmt::format("the board has no slot \"{}\"", printable(taken.by)),
                     nearest_name_hint(taken.by, names));
    }
  }
  if (board.slots.empty()) parameters.fail("slots", "a board needs at least one slot");
  return board;
}

}  // namespace labtwin::topology
