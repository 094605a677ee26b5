#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/storage/drive.hpp"
#include "models/storage/queue_depth_curve.hpp"
#include "models/vector/search_host.hpp"
#include "sim/engine/engine.hpp"
#include "sim/validation/search_run.hpp"

namespace labtwin::validation {

/// A host with one drive, as the catalog describes them.
struct ReplayHost {
  vector::SearchHost host;
  storage::QueueDepthParameters drive;
  storage::DeviceLimits limits;
};

/// What the searches of a run saw, as it is measured.
struct ReplayedSearch {
  double qps = 0.0;
  double lat_mean_us = 0.0;
  double lat_p50_us = 0.0;
  double lat_p95_us = 0.0;
  double lat_p99_us = 0.0;
};

/// Replays runs, each on a node of its own, side by side in one engine: they do not touch each other. The nodes are real drives
/// with scheduler, cores and vector stores, as in any scenario. A run lasts for its duration, but until three queries have been
/// answered, and a minute at most.
/// `replication` selects the luck. A run without an answered query yields the minute as latency.
[[nodiscard]] std::vector<ReplayedSearch> replay_searches(const std::vector<SearchRun>& runs, const ReplayHost& host,
                                                          std::uint64_t replication);

/// The drive of a run, which moves bytes of reads more slowly beside a job that keeps a schedule. An unlimited sequential job
/// measures, by the rate it achieved, the bandwidth that a shared drive had at that minute; within limits, because other
/// effects hold the job back too.
[[nodiscard]] storage::QueueDepthParameters drive_of_run(const SearchRun& run, const ReplayHost& host);

}  // namespace labtwin::validation
