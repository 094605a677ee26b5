#include "models/calibration/pcie_row.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "models/calibration/row_words.hpp"
#include "models/interconnect/card_group.hpp"

namespace labtwin::calibration {
namespace {

using interconnect::CardLink;
using interconnect::LinkFamily;

constexpr int kFewFlows = 8;
constexpr int kCardsWithoutSwitch = 4;
// Of a card that no catalog knows.
constexpr CardLink kUnknownLink = {LinkFamily::Pcie, 3, 16};

CardLink link_of(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const auto lanes_told = table.number(index, "lanes");
  const auto lanes = lanes_told ? std::optional<int>(static_cast<int>(*lanes_told)) : std::nullopt;
  if (const auto link = interconnect::parse_card_link(table.text(index, "gen"), lanes)) return *link;
  // Of several cards the slowest one tells.
  std::optional<CardLink> slowest;
  for (const std::string& name : card_names(table.text(index, "device"))) {
    const auto card = parts.card(name);
    if (!card || !card->spec.pcie_generation) continue;
    const CardLink link{LinkFamily::Pcie, *card->spec.pcie_generation, lanes.value_or(card->spec.pcie_lanes.value_or(16))};
    if (!slowest || line_rate(link) < line_rate(*slowest)) slowest = link;
  }
  return slowest.value_or(kUnknownLink);
}

bool is_consumer(std::string_view device) {
  return interconnect::is_geforce(device) || holds(lower_case(device), "gtx");
}

/// GPUs `i` and `j` of `GPUi-GPUj` on a board of two sockets, each of which holds half of the cards. Of a board that does not
/// tell how many there are nothing is known.
bool pair_crosses(const std::string& board, const std::string& notes) {
  if (!holds_any(board, {"2 socket", "2-socket", "2x epyc", "2x xeon", "dual "})) return false;
  const auto cards = number_before(board, "card");
  const std::size_t dash = notes.find("-gpu");
  const auto first = number_after(notes, "gpu");
  if (!cards || dash == std::string::npos || !first) return false;
  const auto second = number_after(std::string_view(notes).substr(dash), "gpu");
  return second && (*first < *cards / 2) != (*second < *cards / 2);
}

bool is_direct(std::string_view device, const std::string& board, const std::string& notes) {
  if (holds_any(board, {"not supported", "no p2p", "not available", "windows"})) return false;
  if (holds_any(notes, {"p2p=disabled", "p2p off", "no p2p", "falls back", "host staged", "(shm)"})) return false;
  if (holds_any(notes, {"p2p=enabled", "p2p on", "patched"}) || holds(board, "patched")) return true;
  return !is_consumer(device);
}

std::string method_of(const std::string& method, const std::string& notes) {
  if (holds(notes, "nominal")) return "nominal";
  if (holds(notes, "sm copy") || holds(notes, "kernel")) return "kernel";
  if (holds_any(method, {"clpeak", "opencl"})) return "opencl";
  if (holds(method, "osu")) return "messages";
  const bool is_benchmark = holds_any(method, {"bandwidth", "all2all", "shoc", "torch", "p2pmark", "nvidia-smi", "peak"});
  return is_benchmark ? "engine" : "application";
}

/// Boards whose switches let writes to two roots block each other.
bool is_posting_board(const std::string& board) {
  return holds_any(board, {"broadcom", "pex89", "esc8000"});
}

int switches_of(const std::string& board) {
  if (const auto told = number_before(board, "switch")) return *told;
  // Both halves of these servers hang off one switch each.
  return is_posting_board(board) ? 2 : 1;
}

/// Cards that copy to each of the others are n x (n - 1) flows.
std::optional<int> cards_of_all_pairs(int flows) {
  const int cards = static_cast<int>(std::lround(0.5 + std::sqrt(0.25 + flows)));
  return cards > 2 && cards * (cards - 1) == flows ? std::optional<int>(cards) : std::nullopt;
}

/// All cards to all others: the cards' links bound the sum, or the switches' uplinks, which carry what leaves each switch.
void read_all_pairs(int cards, int switches, const std::string& board, PcieRow& row) {
  const double per_switch = static_cast<double>(cards) / switches;
  const double leaving = (cards - per_switch) / std::max(1.0, cards - 1.0);
  row.ports = switches > 1 ? std::min(static_cast<double>(cards), switches / leaving) : cards;
  row.is_dense = true;
  row.collides = switches > 1 && is_posting_board(board);
}

/// Figures that are sums of several flows: what carries them, in units of one link.
void read_flows(const std::string& board, const std::string& notes, PcieRow& row) {
  if (!holds_any(notes, {"sum)", "aggregate"})) return;
  const auto cards = number_before(notes, "gpu");
  const int flows = number_before(notes, "flow").value_or(number_before(notes, "pair").value_or(cards.value_or(1)));
  const bool from_host = row.path == CopyPath::HostToCard || row.path == CopyPath::CardToHost;
  const int switches = switches_of(board);
  row.is_sum = true;
  row.flows_read = holds(notes, "read");
  if (from_host) {
    // What switches take from the host comes over one uplink each.
    row.ports = std::min(flows, holds(board, "switch") ? switches : flows);
  } else if (holds_any(notes, {"one uplink", "same source", "from one gpu", "same uplink"})) {
    row.ports = 1.0;
  } else if (holds_any(notes, {"two sources", "different uplinks", "both ways"})) {
    row.ports = 2.0;
  } else if (holds(notes, "cross")) {
    // An uplink carries one way what comes back the other way on the next.
    row.ports = std::min(flows, 2);
    row.collides = flows > kFewFlows && is_posting_board(board);
  } else if (holds_any(notes, {"same switch", "same chip", "in one switch"}) && !cards_of_all_pairs(flows)) {
    row.ports = flows;
  } else {
    read_all_pairs(cards.value_or(cards_of_all_pairs(flows).value_or(flows)),
                   holds_any(notes, {"same switch", "same chip", "in one switch"}) ? 1 : switches, board, row);
  }
}

// A port of a switch that was held to an older generation slows what crosses it.
void read_uplink(const std::string& notes, PcieRow& row) {
  const bool crosses = holds(notes, "cross");
  auto generation = number_after(notes, "uplink gen");
  if (!generation) generation = number_after(notes, "uplink forced gen");
  if (crosses && generation) row.link.generation = std::min(row.link.generation, *generation);
}

CopyPath path_of(const std::string& direction, const PcieRow& row, bool direct) {
  if (direction == "h2d") return CopyPath::HostToCard;
  if (direction == "d2h") return CopyPath::CardToHost;
  if (row.link.family == LinkFamily::NvLink) return CopyPath::PeerNvLink;
  return direct ? CopyPath::PeerDirect : CopyPath::PeerStaged;
}

}  // namespace

bool is_peer(CopyPath path) noexcept {
  return path != CopyPath::HostToCard && path != CopyPath::CardToHost;
}

PcieRow read_pcie_row(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const std::string_view device = table.text(index, "device");
  const std::string board = lower_case(table.text(index, "board_or_slot"));
  const std::string notes = lower_case(table.text(index, "notes"));
  const std::string direction = lower_case(table.text(index, "direction"));
  PcieRow row;
  row.link = link_of(table, index, parts);
  if (row.link.family == LinkFamily::NvLink && holds(notes, "per link")) row.link.lanes = 1;
  // Boards of four cards have no NVSwitch: a third of a card's links lead to each of the others.
  const bool is_four = number_before(board, "card") == kCardsWithoutSwitch && !table.number(index, "lanes");
  if (row.link.family == LinkFamily::NvLink && is_four) row.link.lanes /= kCardsWithoutSwitch - 1;
  row.both_ways = direction == "bidir";
  row.other_way_busy = row.both_ways && (holds(notes, "while h2d") || holds(notes, "while d2h"));
  if (row.other_way_busy) {
    row.both_ways = false;
    row.path = holds(notes, "h2d while") ? CopyPath::HostToCard : CopyPath::CardToHost;
  } else {
    row.path = path_of(direction, row, is_direct(device, board, notes));
  }
  row.crosses_sockets = holds_any(notes, {"cross numa", "cross-numa", "remote numa", "cross socket", "cross quadrant"}) ||
                        holds_any(board, {"remote numa", "cross socket"}) || pair_crosses(board, notes);
  // Requests that are checked at the root go up and down one uplink, both ways of the pair.
  row.redirected = row.both_ways && holds(notes, "acs on") && holds_any(notes, {"same vs", "same switch"});
  row.crosses_switches =
      is_peer(row.path) && holds_any(notes, {"cross chip", "cross switch", "flows cross", "different uplinks"});
  row.one_uplink = holds_any(board, {"pix", "pxb"}) || holds_any(notes, {"same switch", "same chip"});
  row.posts = is_posting_board(board);
  row.unaligned = holds_any(notes, {"unaligned", "before alignment"});
  row.behind_chipset = holds(board, "chipset");
  row.never_crosses = holds(notes, "zero-copy");
  row.method = method_of(lower_case(table.text(index, "method")), notes);
  const std::vector<std::string> names = card_names(device);
  const auto card = names.empty() ? std::nullopt : parts.card(names.front());
  if (card) row.staging = interconnect::staging_of(card->spec.architecture);
  row.vendor = card ? card->spec.vendor : holds(device, "Arc") ? "Intel" : holds(device, "AMD") ? "AMD" : "NVIDIA";
  row.host = holds_any(board, {" vm", "cloud", "azure", "rental", "container"}) ? "vm"
             : holds(board, "windows")                                          ? "windows"
                                                                                : "";
  row.rig = std::string(device) + "|" + board.substr(0, board.find(" gpu"));
  row.collapses = holds_any(notes, {"collapse", "posted writes"});
  row.under_load = holds(notes, "under load");
  row.bytes = table.number(index, "transfer_bytes").value_or(0.0);
  read_flows(board, notes, row);
  read_uplink(notes, row);
  return row;
}

}  // namespace labtwin::calibration
