#include "sim/command/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/file.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/command/interrupt.hpp"
#include "sim/command/overrides.hpp"
#include "sim/output/plot.hpp"
#include "sim/output/summary_text.hpp"
#include "sim/output/topology_report.hpp"
#include "sim/run/results_json.hpp"
#include "sim/run/run.hpp"
#include "sim/scenario/lab_topology.hpp"

namespace labtwin::command {
namespace {

constexpr int kSloMissed = 1;

struct Options {
  std::string file;
  std::vector<std::string> set;
  std::string plot;
  std::string links;
  std::optional<std::uint32_t> replications;
  bool json = false;
  bool alone = false;
};

/// A line on stderr that is written over, if somebody watches.
void show_progress(const RunProgress& progress) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{} of {} runs", progress.num_finished, progress.num_runs);
  if (progress.num_finished == progress.num_runs) fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
}

/// The lab of the scenario with its links as busy as they were.
std::string links_svg(const ScenarioSource& source, const Results& results) {
  const catalog::Catalog catalog;
  const Lab lab = Scenario::read_alone(source).lab;
  const topology::Topology tree = lab_topology(lab, catalog);
  std::map<topology::LinkId, double> busy;
  for (const ResourceRow& row : results.resources) {
    for (topology::LinkId id = 0; id < tree.links().size(); ++id) {
      if (link_resource(lab, tree.link(id).name) == row.resource) busy.emplace(id, row.utilization);
    }
  }
  return output::topology_svg(tree, busy);
}

int run_scenario(const Options& options) {
  // The whole picture is rewritten at the end; a place that cannot be written shows now, not after a long run.
  if (!options.plot.empty()) check_writable(options.plot);
  if (!options.links.empty()) check_writable(options.links);
  RunOptions run_options;
  run_options.replications = options.replications;
  run_options.with_what_ifs = !options.alone;
  run_options.on_progress = &show_progress;
  run_options.worker.interrupted = &InterruptNoted::interrupted;
  const InterruptNoted noted;
  const ScenarioSource source = ScenarioSource::file(options.file, parse_overrides(options.set));
  const Results results = run(source, run_options);
  if (!options.plot.empty()) write_file_atomically(options.plot, output::plot_svg(results));
  if (!options.links.empty()) write_file_atomically(options.links, links_svg(source, results));
  fmt::print("{}", options.json ? to_json(results) : output::summary_text(results));
  return results.slos_met ? 0 : kSloMissed;
}

}  // namespace

void add_run(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("run", "Simulate a scenario and answer its question")
      .argument("scenario", options->file, "Scenario file (TOML)")
      .option("--set", options->set, "Change a value, e.g. --set services.etl.rate_limit='200 MB/s' (repeatable)")
      .option("--replications", options->replications, 1, 10000, "Independent repetitions, instead of the scenario's number")
      .flag("--alone", options->alone, "Leave what-ifs and sweep out")
      .flag("--json", options->json, "Print the answer as JSON")
      .option("--plot", options->plot, "Also draw the answer into this SVG file")
      .option("--links", options->links, "Also draw the lab into this SVG file, its links coloured by how busy they were")
      .runs([options] { return run_scenario(*options); });
}

}  // namespace labtwin::command
