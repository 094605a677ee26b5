#pragma once

#include <cstddef>
#include <vector>

#include "models/calibration/kind.hpp"
#include "sim/validation/search_replay.hpp"

namespace labtwin::validation {

/// Replays of the same runs on several versions of a host.
struct ReplayPlan {
  std::vector<SearchRun> runs;
  std::vector<ReplayHost> hosts;
  std::size_t num_replications = 1;
};

/// Results by host, then replication, then run. Each child that is forked takes some of the runs of one host and replication.
[[nodiscard]] std::vector<std::vector<std::vector<ReplayedSearch>>> replay_all(const ReplayPlan& plan, std::size_t num_parallel,
                                                                               const calibration::Progress& progress);

}  // namespace labtwin::validation
