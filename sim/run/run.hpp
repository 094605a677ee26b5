#pragma once

// A scenario in, an answer out: starts a worker, collects the runs of the scenario, its what-ifs and its sweep, and puts them
// together. Nothing here loads the simulation library.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sim/run/results.hpp"
#include "sim/run/worker_process.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// How far a run has come.
struct RunProgress {
  std::size_t num_finished = 0;
  std::size_t num_runs = 0;
};

/// How to run, as opposed to what.
struct RunOptions {
  std::optional<std::uint32_t> replications{};  ///< instead of the scenario's
  bool with_what_ifs = true;                    ///< also what-ifs and sweep points
  bool keep_requests = false;                   ///< a row per request of replication 0, see Results::requests
  std::size_t parallel = 0;                     ///< runs at once; 0: as many as cores
  WorkerOptions worker{};
  std::function<void(const RunProgress&)> on_progress{};
};

/// Throws ConfigError (the scenario is wrong), WorkerError (a run crashed) or Interrupted.
[[nodiscard]] Results run(const ScenarioSource& source, const RunOptions& options);

/// Runs a scenario without its what-ifs and sweep at several points, each a set of changes to it, with the same luck and in one
/// worker: a point costs its own events and no start. The number of replications is that of the first point.
[[nodiscard]] std::vector<Results> run_points(const ScenarioSource& source, std::span<const std::vector<Override>> points,
                                              const RunOptions& options);

}  // namespace labtwin
