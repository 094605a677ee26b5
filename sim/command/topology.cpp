#include "sim/command/topology.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/file.hpp"
#include "models/catalog/catalog.hpp"
#include "models/interconnect/host_links.hpp"
#include "sim/output/host_links_text.hpp"
#include "sim/output/topology_report.hpp"
#include "sim/scenario/board_slots.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/lab_topology.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin::command {
namespace {

struct Options {
  std::string file;
  std::string picture;
  bool json = false;
};

/// The lab of a scenario, or of a file that is a lab itself.
Lab read_lab_of(const std::string& file, const catalog::Catalog& catalog) {
  const Document document = Document::read(file);
  if (document.root().find("nodes") == nullptr) return Scenario::read(ScenarioSource::file(file)).lab;
  DiagnosticSink sink;
  TableReader root(document, sink);
  Lab lab = read_lab(root, catalog);
  root.finish();
  sink.throw_if_any();
  return lab;
}

std::vector<output::PoolReport> pools_of(const Lab& lab) {
  std::vector<output::PoolReport> reports;
  for (const NodeSpec& node : lab.nodes) {
    for (const PoolSpec& pool : node.pools) {
      reports.push_back({.name = fmt::format("{}.{}", node.name, pool.name),
                         .layout = pool.layout_name,
                         .members = pool.members,
                         .missing = pool.failed,
                         .tolerated = pool.layout.tolerated_failures(),
                         .usable = {}});
      if (pool.member_size) reports.back().usable = storage::usable_capacity(pool.layout, *pool.member_size);
    }
  }
  return reports;
}

std::vector<output::SeatReport> seats_in(const Lab& lab, const catalog::Catalog& catalog) {
  std::vector<output::SeatReport> reports;
  for (const NodeSpec& node : lab.nodes) {
    for (const Seat& seat : seats_of(node, catalog)) {
      reports.push_back({.part = seat.part,
                         .slot = seat.slot,
                         .link = topology::pcie_lanes_name(seat.link),
                         .native = seat.native ? topology::pcie_lanes_name(*seat.native) : "",
                         .hangs_on = seat.on_chipset ? "chipset" : "cpu",
                         .is_crippled = seat.is_crippled(),
                         .taker = seat.taker});
    }
  }
  return reports;
}

/// Outputs of tools that tell a machine's links; nothing for a scenario or a lab.
std::optional<std::string> links_of_machine(const std::string& file) {
  const std::string text = read_text_file(file);
  if (interconnect::is_lspci(text)) return output::device_links_text(interconnect::read_lspci(file, text));
  if (interconnect::is_topology_matrix(text)) {
    return output::card_pairs_text(interconnect::read_topology_matrix(file, text));
  }
  return std::nullopt;
}

void show(const Options& options) {
  if (const auto text = links_of_machine(options.file)) {
    fmt::print("{}", *text);
    return;
  }
  const catalog::Catalog catalog;
  const Lab lab = read_lab_of(options.file, catalog);
  output::TopologyReport report = output::report_on(lab_topology(lab, catalog));
  report.pools = pools_of(lab);
  report.seats = seats_in(lab, catalog);
  if (!options.picture.empty()) write_file_atomically(options.picture, output::topology_svg(report.topology));
  fmt::print("{}", options.json ? output::topology_json(report) + '\n' : output::topology_text(report));
}

}  // namespace

void add_topology(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("topology", "Show links, routes and where they compete")
      .argument("FILE", options->file, "A scenario, a lab, or what `lspci -vv` or `nvidia-smi topo -m` printed")
      .option("--plot", options->picture, "Draw it into this SVG file")
      .flag("--json", options->json, "Answer in JSON")
      .runs([options] {
        show(*options);
        return 0;
      });
}

}  // namespace labtwin::command
