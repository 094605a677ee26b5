#include "models/calibration/collectives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/pooled_law.hpp"
#include "models/calibration/row_words.hpp"
#include "models/interconnect/all_reduce.hpp"
#include "models/interconnect/card_group.hpp"
#include "models/interconnect/link_rate.hpp"

namespace labtwin::calibration {
namespace {

using interconnect::CardLink;
using interconnect::CollectiveOp;
using interconnect::LinkFamily;

constexpr auto kLevels = std::to_array<PooledLevel>({
    {"latency.link", 0.0, 0.4},     {"latency.library", 0.0, 0.5},   {"latency.op", 0.0, 0.3},
    {"latency.ranks", 0.0, 0.3},    {"latency.rig", 0.0, 0.25},      {"latency.rig_table", 0.0, 0.8},
    {"latency.rig_op", 0.0, 0.15},  {"middle.link", 0.0, 0.8},       {"middle.library", 0.0, 1.0},
    {"middle.op", 0.0, 0.5},        {"middle.ranks", 0.0, 0.5},      {"middle.rig", 0.0, 0.5},
    {"middle.rig_table", 0.0, 0.4}, {"middle.rig_op", 0.0, 0.4},     {"wire.link", 0.3, 0.4},
    {"wire.library", 0.0, 0.4},     {"wire.op", 0.0, 0.2},           {"wire.ranks", 0.0, 0.2},
    {"wire.rig", 0.0, 0.35},        {"wire.rig_table", 0.0, 0.5},    {"wire.rig_op", 0.0, 0.3},
    {"handshake.link", 0.0, 0.5},   {"handshake.library", 0.0, 1.0}, {"handshake.op", 0.0, 0.5},
    {"handshake.ranks", 0.0, 0.5},  {"handshake.rig", 0.0, 0.5},     {"handshake.rig_table", 0.0, 0.8},
    {"handshake.rig_op", 0.0, 0.8}, {"latency.staged", 0.15, 0.1},   {"launch.all", 0.0, 0.5},
    {"launch.rig", 0.0, 0.4},
});
constexpr PooledLawDesign kDesign = {"collectives", kLevels, 0.03};
constexpr double kMicro = 1e6;
constexpr std::size_t kHandshake = 3;              // the term
constexpr Bytes kMessage = Bytes::from_base(1e6);  // to take terms apart by
constexpr double kLaunch = 25e-6;                  // of a call from an engine in Python, s

struct Call {
  CollectiveOp op = CollectiveOp::AllReduce;
  std::string op_name;
  double num_cards = 2.0;
  double bytes = 0.0;
  CardLink link;
  std::string path;  ///< link and whether peers reach each other
  std::string library;
  std::string rig;    ///< cards and board
  std::string table;  ///< one file of one source: one machine, one version of the library
  bool message_is_share = false;
  bool is_eager = false;  ///< the call is launched from the host each time, not replayed from a graph
};

CardLink link_of(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const std::string text = lower_case(table.text(index, "link"));
  if (holds_any(text, {"roce", "ethernet", "gbe", "ib "}))
    return {LinkFamily::Network, 1, number_before(text, "x").value_or(1)};
  const auto lanes = number_after(text, " x");
  if (const auto link = interconnect::parse_card_link(text, lanes)) {
    const bool told = holds_any(text, {"1", "2", "3", "4", "5", "6"});
    if (told) return *link;
  }
  const auto card = parts.card(table.text(index, "gpu"));
  if (!card || !card->spec.pcie_generation) return {LinkFamily::Pcie, 3, 16};
  return {LinkFamily::Pcie, *card->spec.pcie_generation, card->spec.pcie_lanes.value_or(16)};
}

bool reaches_peers(const MeasurementTable& table, std::size_t index, const std::string& topology, const std::string& notes) {
  if (holds_any(topology, {"no p2p", "shm", "stock driver"})) return false;
  if (holds_any(topology, {"patched", "p2p"}) || holds(notes, "p2p_level")) return true;
  const std::string_view gpu = table.text(index, "gpu");
  const bool behind_switch = holds_any(topology, {"switch", "pex", "pix"});
  const auto num_cards = static_cast<int>(table.number(index, "num_gpus").value_or(2.0));
  return !interconnect::is_geforce(gpu) &&
         interconnect::library_lets_reach(interconnect::vendor_in_name(gpu), num_cards, behind_switch);
}

/// What moves the bytes. Kernels of engines that read their peers' memory (`custom`) serve two cards, or NVLink: with more
/// cards on PCIe the engines turn to the vendor's library.
std::string library_of(std::string_view gpu, const std::string& notes, bool small_group) {
  const std::string name = lower_case(gpu);
  const bool is_custom = holds_any(notes, {"custom", "trtllm"});
  if (is_custom && small_group) return holds(notes, "trtllm") ? "nccl" : "custom";
  if (holds(notes, "oneccl") || holds(name, "arc")) return "oneccl";
  if (is_custom && holds(notes, "kernel")) return "custom";
  const bool is_amd = holds(notes, "rccl") || holds_any(name, {"amd", "radeon", "vega", "instinct", "strix"});
  return is_amd ? "rccl" : "nccl";
}

Call read_call(const MeasurementTable& table, std::size_t index, const LlmParts& parts) {
  const std::string_view gpu = table.text(index, "gpu");
  const std::string topology = lower_case(table.text(index, "topology"));
  const std::string notes = lower_case(table.text(index, "notes"));
  Call call;
  call.op_name = lower_case(table.text(index, "op"));
  call.op = interconnect::parse_collective_op(call.op_name);
  call.num_cards = std::max(2.0, table.number(index, "num_gpus").value_or(2.0));
  call.bytes = table.number(index, "message_bytes").value_or(0.0);
  call.link = link_of(table, index, parts);
  constexpr std::array<std::string_view, 5> kFamilies = {"pcie", "tunnel", "nvlink", "network", "pcie"};
  call.path = kFamilies.at(static_cast<std::size_t>(call.link.family));
  if (call.link.family == LinkFamily::Pcie) call.path += reaches_peers(table, index, topology, notes) ? " direct" : " staged";
  call.library = library_of(gpu, notes, call.num_cards <= 2.0 || call.link.family == LinkFamily::NvLink);
  call.is_eager = holds(notes, "eager");
  call.rig = fmt::format("{}|{}|{}", gpu, topology, lower_case(table.text(index, "link")));
  call.table = table.text(index, "source");
  call.message_is_share = call.library == "oneccl";
  return call;
}

/// The factors of a term; all terms have the same levels.
std::vector<LevelUse> uses(std::string_view term, const Call& call) {
  const auto levels =
      std::find_if(kLevels.begin(), kLevels.end(), [&](const PooledLevel& level) { return level.name.starts_with(term); });
  const auto level = [&](std::size_t offset) { return (levels + static_cast<std::ptrdiff_t>(offset))->name; };
  const std::string ranks = fmt::format("{}|{:g}", call.rig, call.num_cards);
  // Calls through the host's memory begin alike, and later.
  const bool is_latency = term == "latency";
  const bool is_staged = call.path == "pcie staged";
  const std::string path = is_latency && is_staged ? "pcie direct" : call.path;
  return {{level(0), fmt::format("{}|{}", path, call.link.generation)},
          {"latency.staged", "", is_latency && is_staged ? 1.0 : 0.0},
          {level(1), call.library, call.library == "nccl" ? 0.0 : 1.0},
          {level(2), call.op_name, call.op == CollectiveOp::AllReduce ? 0.0 : 1.0},
          {level(3), call.path + "|" + (call.op == CollectiveOp::AllToAll ? "pairs" : "ring"), std::log2(call.num_cards / 2.0)},
          {level(4), ranks},
          {level(5), ranks + "|" + call.library + "|" + call.table},
          {level(6), ranks + "|" + call.library + "|" + call.op_name}};
}

LawRow law_row(const Call& call) {
  const interconnect::CollectiveTerms terms = interconnect::collective_seconds(
      call.op, call.num_cards, call.bytes, interconnect::line_rate(call.link), call.message_is_share);
  LawRow row{
      .terms = {{terms.latency, uses("latency", call)}, {terms.middle, uses("middle", call)}, {terms.wire, uses("wire", call)}},
      .unit = call.rig,
      .group = call.path};
  if (call.link.family == LinkFamily::Pcie) row.terms.push_back({terms.handshake, uses("handshake", call)});
  if (call.is_eager) {
    // The host launches the next call while the cards are at this one.
    const std::string ranks = fmt::format("{}|{:g}", call.rig, call.num_cards);
    row.terms.push_back({kLaunch, {{"launch.all", ""}, {"launch.rig", ranks}}, true});
  }
  return row;
}

Call all_reduce(double num_cards, Bytes bytes, const CardLink& link, const std::string& path) {
  Call call;
  call.op_name = "all_reduce";
  call.num_cards = num_cards;
  call.bytes = bytes.value();
  call.link = link;
  call.path = path;
  call.library = "nccl";
  return call;
}

std::vector<LawRow> rows_to_fit(const MeasurementTable& table, const LlmParts& parts) {
  std::vector<LawRow> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto time = table.split(i) == Split::Fit ? table.number(i, "time_us") : std::nullopt;
    if (!time || *time <= 0.0) continue;
    LawRow row = law_row(read_call(table, i, parts));
    row.log_measured = std::log(*time / kMicro);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

AllReduceTimes::AllReduceTimes() : law_(PooledLaw::shipped(kDesign)) {}

Estimate AllReduceTimes::seconds(double num_cards, Bytes bytes, const CardLink& link, const std::string& path) {
  return law_.predict(law_row(all_reduce(num_cards, bytes, link, path)));
}

MessageTime AllReduceTimes::terms(double num_cards, const CardLink& link, const std::string& path) {
  const LawRow row = law_row(all_reduce(num_cards, kMessage, link, path));
  const auto of = [&](std::size_t term) {
    LawRow one = row;
    one.terms = {row.terms.at(term)};
    return law_.predict(one).value;
  };
  const bool waits = row.terms.size() > kHandshake;
  return {.latency = of(0),
          .per_root = of(1) / std::sqrt(kMessage.value()),
          .handshake = waits ? of(kHandshake) / share_of_handshake(kMessage.value()) : 0.0,
          .per_byte = of(2) / kMessage.value()};
}

Evaluation evaluate_collectives(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  const LlmParts parts;
  PooledLaw law = PooledLaw::shipped(kDesign);
  law.calibrate(rows_to_fit(table, parts));
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    const Call call = read_call(table, i, parts);
    const LawRow row = law_row(call);
    const Estimate seconds = law.predict(row);
    evaluation.predictions.push_back({.row = i + 1,
                                      .quantity = "time_us",
                                      .group = (law.knows(row.unit) ? "known rigs: " : "unseen rigs: ") + call.path,
                                      .measured = table.number(i, "time_us"),
                                      .estimate = Estimate{seconds.value * kMicro, seconds.low * kMicro, seconds.high * kMicro},
                                      .grade = Grade::Fitted,
                                      .note = {}});
  }
  if (progress) progress(1.0);
  return evaluation;
}

std::string fit_collectives(const MeasurementTable& table) {
  const LlmParts parts;
  PooledLaw law(kDesign);
  law.fit(rows_to_fit(table, parts));
  return law.to_toml();
}

}  // namespace labtwin::calibration
