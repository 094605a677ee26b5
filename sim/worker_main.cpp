// The program that simulates. It reads one JSON request on stdin and writes one JSON line per finished run on stdout. Each run
// happens in a child that is forked once the scenario, the catalog and the libraries are loaded, so that a run costs its own
// events and no cold start. It is started by labtwin and by the Python package, never by hand.

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "models/base/error.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/run/evaluate_request.hpp"
#include "sim/run/request.hpp"
#include "sim/run/results_json.hpp"
#include "sim/simulation/fork_pool.hpp"
#include "sim/simulation/simulation.hpp"
#include "sim/validation/vector_disk.hpp"

namespace {

using namespace labtwin;

void print_line(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string run_one(const Scenario& scenario, const catalog::Catalog& catalog, std::uint32_t variant,
                    const SimulationOptions& options) {
  try {
    RunSummary summary = simulate(scenario, catalog, options);
    summary.variant = variant;
    return to_json_line(summary);
  } catch (const std::exception& error) {
    return error_line(error.what());
  }
}

void simulate_all(const SimulateRequest& request) {
  const catalog::Catalog catalog;
  std::vector<Scenario> scenarios;
  for (const std::vector<Override>& overrides : request.variants) {
    ScenarioSource source = request.source;
    source.overrides.insert(source.overrides.end(), overrides.begin(), overrides.end());
    scenarios.push_back(Scenario::read_alone(source));
  }
  // Replication by replication, so that whoever is interrupted has something of every variant.
  const std::size_t num_variants = scenarios.size();
  const std::size_t parallel = request.parallel > 0 ? request.parallel : std::max(1U, std::thread::hardware_concurrency());
  run_forked(
      num_variants * request.num_replications, parallel,
      [&](std::size_t number) {
        const std::size_t variant = number % num_variants;
        SimulationOptions options;
        options.replication = static_cast<std::uint32_t>(number / num_variants);
        options.keep_requests = request.keep_requests && variant == 0 && options.replication == 0;
        return run_one(scenarios[variant], catalog, static_cast<std::uint32_t>(variant), options);
      },
      print_line);
}

// Measurements of kinds that only the engine can predict.
void evaluate(const EvaluateRequest& request) {
  if (request.kind != "vector_disk") throw InternalError("kind " + request.kind + " is not for a worker");
  const std::size_t num_parallel = std::max(1U, std::thread::hardware_concurrency());
  const auto progress = [](double fraction) { print_line(progress_line(fraction)); };
  print_line(evaluation_line(validation::evaluate_vector_disk(request.table, progress, num_parallel)));
}

}  // namespace

int main() {
  try {
    std::ostringstream text;
    text << std::cin.rdbuf();
    if (const auto request = evaluate_request_from_json(text.str())) {
      evaluate(*request);
    } else {
      simulate_all(simulate_request_from_json(text.str()));
    }
  } catch (const std::exception& error) {
    print_line(error_line(error.what()));
  }
  return 0;
}
