#include "sim/command/capacity.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/command/interrupt.hpp"
#include "sim/command/overrides.hpp"
#include "sim/output/capacity_text.hpp"
#include "sim/run/capacity.hpp"

namespace labtwin::command {
namespace {

constexpr int kNoLoadBorne = 1;

struct Options {
  std::string file;
  std::vector<std::string> set;
  std::string workload;
  double most = 0.0;  ///< 0: not given
  double precision = 0.02;
  std::optional<std::uint32_t> replications;
  bool json = false;
  bool alone = false;
};

/// A line on stderr that is written over, if somebody watches.
void show_load(const std::string& variant, double load) {
  if (::isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r\033[K{}: trying {:.4g}", variant.empty() ? "as it is" : variant, load);
  std::fflush(stderr);
}

void clear_progress() {
  if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r\033[K");
}

int find_and_print(const Options& options) {
  CapacityOptions search;
  search.workload = options.workload;
  if (options.most > 0.0) search.most = options.most;
  search.precision = options.precision;
  search.run.replications = options.replications;
  search.run.with_what_ifs = !options.alone;
  search.run.worker.interrupted = &InterruptNoted::interrupted;
  search.on_load = &show_load;
  const InterruptNoted noted;
  const Capacity capacity = find_capacity(ScenarioSource::file(options.file, parse_overrides(options.set)), search);
  clear_progress();
  fmt::print("{}", options.json ? output::capacity_json(capacity) : output::capacity_text(capacity));
  return capacity.rows.front().load > 0.0 ? 0 : kNoLoadBorne;
}

}  // namespace

void add_capacity(CommandLine& line) {
  const auto options = std::make_shared<Options>();
  line.add("capacity", "How many users, or requests per second, a lab bears until an objective breaks")
      .argument("scenario", options->file, "Scenario file (TOML) with an [[slo]]")
      .option("--set", options->set, "Change a value, as of `run` (repeatable)")
      .option("--workload", options->workload, "Whose load is varied; the scenario's focus if left out")
      .option("--most", options->most, 1e-6, 1e6, "Largest load to try, in users or requests per second")
      .option("--precision", options->precision, 1e-3, 0.5, "Of the answer, relative; never finer than one user")
      .option("--replications", options->replications, 1, 10000, "Independent repetitions, instead of the scenario's number")
      .flag("--alone", options->alone, "Leave what-ifs out")
      .flag("--json", options->json, "Print the answer as JSON")
      .runs([options] { return find_and_print(*options); });
}

}  // namespace labtwin::command
