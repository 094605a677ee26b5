#include "models/calibration/pcie_links.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "models/calibration/pcie_row.hpp"
#include "models/calibration/pooled_law.hpp"

namespace labtwin::calibration {
namespace {

// Headers and acknowledgements leave about 0.85 of a line; what goes through the host's memory is the host's affair.
constexpr auto kLevels = std::to_array<PooledLevel>({
    {"rate.copy", 0.16, 0.06},      {"rate.both_ways", -0.65, 0.1},  {"rate.tunnel", 0.15, 0.2},
    {"rate.generation", 0.0, 0.04}, {"rate.busy", 0.08, 0.15},       {"rate.method", 0.0, 0.5},
    {"rate.unaligned", 0.2, 0.3},   {"rate.vendor", 0.0, 0.15},      {"rate.host", 0.0, 0.3},
    {"rate.sockets", 0.1, 0.2},     {"rate.switches", 0.1, 0.2},     {"rate.redirected", 0.65, 0.2},
    {"rate.chipset", 0.0, 0.1},     {"rate.narrow", 0.0, 0.1},       {"rate.dense", 0.45, 0.2},
    {"rate.reads", 0.0, 0.15},      {"rate.collides", 1.0, 0.5},     {"rate.collapse", 3.0, 0.5},
    {"rate.rig", 0.0, 0.08},        {"stage.first", 0.16, 0.06},     {"stage.second", 0.16, 0.2},
    {"stage.overlap", 0.0, 0.4},    {"stage.both_ways", -0.3, 0.15}, {"stage.rig", 0.0, 0.3},
    {"latency.path", 0.0, 1.0},     {"latency.context", 0.4, 0.3},   {"latency.rig", 0.0, 0.15},
});
constexpr PooledLawDesign kDesign = {"pcie_links", kLevels, 0.03};

constexpr double kRelay = 120e9;    // what filling and emptying the host's buffers adds where both copies overlap, B/s
constexpr double kHostCopy = 20e9;  // of one thread between buffers of a desktop's memory, B/s
constexpr double kPeerLatency = 1e-6;
constexpr double kStagedLatency = 14e-6;
constexpr double kCopyLatency = 22e-6;
constexpr double kWindow = 64.0;  // messages that osu_bw has under way at once
constexpr double kGiga = 1e9;
constexpr double kBrokenShare = 0.05;

std::string path_name(const PcieRow& row) {
  constexpr std::array<std::string_view, 5> kNames = {"h2d", "d2h", "direct", "staged", "nvlink"};
  if (row.link.family == interconnect::LinkFamily::Tunnel) return "tunnel";
  return std::string(kNames.at(static_cast<std::size_t>(row.path)));
}

std::string group_name(const PcieRow& row) {
  if (row.is_sum) return "together";
  return path_name(row) + (row.both_ways ? " both ways" : "");
}

/// Rows whose law fails alike: the few of bridges count with those of other direct copies.
std::string interval_group(const PcieRow& row) {
  return row.path == CopyPath::PeerNvLink && !row.is_sum ? (row.both_ways ? "direct both ways" : "direct") : group_name(row);
}

/// What the host and its slots add to any copy.
std::vector<LevelUse> host_uses(const PcieRow& row) {
  const std::string path = path_name(row);
  const std::string ends = is_peer(row.path) ? "peer" : "host";
  return {{"rate.method", row.method + "|" + path, row.method == "engine" || row.method == "nominal" ? 0.0 : 1.0},
          {"rate.unaligned", path, row.unaligned ? 1.0 : 0.0},
          {"rate.vendor", row.vendor + "|" + ends, row.vendor == "NVIDIA" ? 0.0 : 1.0},
          {"rate.host", row.host, row.host.empty() ? 0.0 : 1.0},
          {"rate.sockets", is_peer(row.path) ? path : ends, row.crosses_sockets ? 1.0 : 0.0},
          {"rate.chipset", "", row.behind_chipset ? 1.0 : 0.0}};
}

/// Seconds per byte of a copy that crosses its links once.
LawTerm rate_term(const PcieRow& row) {
  if (row.never_crosses) return {.base = 1.0 / kHostCopy, .uses = {}};
  const std::string path = path_name(row);
  const bool is_pcie = row.link.family == interconnect::LinkFamily::Pcie;
  LawTerm term{.base = 1.0 / (row.ports * interconnect::line_rate(row.link).value()), .uses = host_uses(row)};
  const double overhead = row.method == "nominal" ? 0.0 : 1.0;
  const std::vector<LevelUse> uses = {{path == "tunnel" ? "rate.tunnel" : "rate.copy", path, overhead},
                                      {"rate.both_ways", path, row.both_ways ? 1.0 : 0.0},
                                      {"rate.generation", fmt::format("{}|{}", path, row.link.generation), overhead},
                                      {"rate.busy", path, row.other_way_busy ? 1.0 : 0.0},
                                      {"rate.switches", row.posts ? "posting" : "", row.crosses_switches ? 1.0 : 0.0},
                                      {"rate.redirected", "", row.redirected ? 1.0 : 0.0},
                                      {"rate.narrow", "", is_pcie ? std::log2(16.0 / row.link.lanes) / 2.0 : 0.0},
                                      {"rate.dense", "", row.is_dense ? 1.0 : 0.0},
                                      {"rate.reads", "", row.flows_read ? 1.0 : 0.0},
                                      {"rate.collides", "", row.collides ? 1.0 : 0.0},
                                      {"rate.collapse", "", row.collapses ? 1.0 : 0.0},
                                      {"rate.rig", row.rig}};
  term.uses.insert(term.uses.end(), uses.begin(), uses.end());
  return term;
}

/// Seconds per byte of a copy through the host's memory: in over one link, out over the other. Cards that overlap the two pay
/// for the second one only what is left of it.
std::vector<LawTerm> staged_terms(const PcieRow& row) {
  const double line = row.ports * interconnect::line_rate(row.link).value();
  LawTerm in{.base = 1.0 / line, .uses = host_uses(row)};
  const bool forwards = row.staging == interconnect::Staging::Forwarded;
  in.uses.push_back({"stage.both_ways", row.one_uplink ? "one uplink" : "", row.both_ways ? 1.0 : 0.0});
  in.uses.push_back({"stage.rig", row.rig});
  LawTerm out = in;
  in.uses.push_back({"stage.first", ""});
  out.uses.push_back({forwards ? "stage.second" : "stage.overlap", ""});
  if (!forwards) out.base = 1.0 / (row.ports * kRelay);
  return {in, out};
}

std::vector<LawTerm> copy_terms(const PcieRow& row) {
  if (row.path == CopyPath::PeerStaged && !row.never_crosses) return staged_terms(row);
  return {rate_term(row)};
}

LawTerm latency_term(const PcieRow& row) {
  const bool staged = row.path == CopyPath::PeerStaged;
  const double base = !is_peer(row.path) ? kCopyLatency : staged ? kStagedLatency : kPeerLatency;
  const std::string path = is_peer(row.path) ? (staged ? "staged" : fmt::format("direct|{}", row.link.generation)) : "copy";
  return {base,
          {{"latency.path", row.method == "messages" ? "messages" : path},
           {"latency.context", "load", row.under_load ? 2.0 : 0.0},
           {"latency.context", "sockets", row.crosses_sockets ? 1.0 : 0.0},
           {"latency.context", "windows", row.host == "windows" ? 2.0 : 0.0},
           {"latency.rig", row.rig}}};
}

LawRow law_row(const PcieRow& row, std::string_view quantity) {
  LawRow law{.terms = {}, .unit = row.rig, .group = {}};
  if (quantity == "latency_us") {
    law.group = "latency_us";
    law.terms.push_back(latency_term(row));
    if (row.bytes <= 0.0 || is_peer(row.path)) return law;
    for (LawTerm& copy : copy_terms(row)) {
      copy.base *= row.bytes;
      law.terms.push_back(std::move(copy));
    }
    return law;
  }
  law.group = "gb_s|" + interval_group(row);
  law.terms = copy_terms(row);
  if (row.bytes > 0.0) {
    law.terms.push_back(latency_term(row));
    law.terms.back().base /= row.bytes * (row.method == "messages" ? kWindow : 1.0);
  }
  return law;
}

/// Times grow with what the law sums, rates with its inverse.
double law_figure(std::string_view quantity, double value) {
  return quantity == "latency_us" ? value * 1e-6 : 1.0 / (kGiga * value);
}

/// Whether a rate is that of a link that works: a misconfigured host passes a hundredth of it.
bool is_plausible(const PcieRow& row, std::string_view quantity, double value) {
  return quantity != "gb_s" || row.collapses || kGiga * value > kBrokenShare * interconnect::line_rate(row.link).value();
}

bool is_known(std::string_view quantity) {
  return quantity == "gb_s" || quantity == "latency_us";
}

Estimate estimate_of(std::string_view quantity, const Estimate& seconds) {
  if (quantity == "latency_us") return {seconds.value * 1e6, seconds.low * 1e6, seconds.high * 1e6};
  return {1.0 / (kGiga * seconds.value), 1.0 / (kGiga * seconds.high), 1.0 / (kGiga * seconds.low)};
}

}  // namespace

CopyRates::CopyRates() : law_(PooledLaw::shipped(kDesign)) {}

BytesPerSecond CopyRates::staged(const interconnect::CardGroup& group) {
  PcieRow row;
  row.link = group.link;
  row.staging = group.staging;
  row.path = CopyPath::PeerStaged;
  row.method = "engine";
  row.vendor = "NVIDIA";
  row.rig = "not measured";
  return BytesPerSecond::from_base(1.0 / law_.predict(law_row(row, "gb_s")).value);
}

Evaluation evaluate_pcie_links(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  const LlmParts parts;
  PooledLaw law = PooledLaw::shipped(kDesign);
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    const std::string_view quantity = table.text(i, "quantity");
    if (!is_known(quantity)) {
      evaluation.predictions.push_back(unpredicted(table, i, quantity, "no law of links tells this quantity"));
      continue;
    }
    const PcieRow row = read_pcie_row(table, i, parts);
    const LawRow law_of_row = law_row(row, quantity);
    evaluation.predictions.push_back({.row = i + 1,
                                      .quantity = std::string(quantity),
                                      .group = group_name(row),
                                      .measured = table.number(i, "value"),
                                      .estimate = estimate_of(quantity, law.predict(law_of_row)),
                                      .grade = Grade::Fitted,
                                      .note = row.never_crosses ? "the copy never crosses the link" : ""});
  }
  if (progress) progress(1.0);
  return evaluation;
}

std::string fit_pcie_links(const MeasurementTable& table) {
  const LlmParts parts;
  std::vector<LawRow> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto value = table.split(i) == Split::Fit ? table.number(i, "value") : std::nullopt;
    const std::string_view quantity = table.text(i, "quantity");
    if (!value || *value <= 0.0 || !is_known(quantity)) continue;
    const PcieRow link = read_pcie_row(table, i, parts);
    if (!is_plausible(link, quantity, *value)) continue;
    LawRow row = law_row(link, quantity);
    row.log_measured = std::log(law_figure(quantity, *value));
    rows.push_back(std::move(row));
  }
  PooledLaw law(kDesign);
  law.fit(std::move(rows));
  return law.to_toml();
}

}  // namespace labtwin::calibration
