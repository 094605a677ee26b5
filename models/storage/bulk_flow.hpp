#pragma once

#include <optional>
#include <vector>

#include "models/storage/drive_law.hpp"
#include "models/storage/occupancy.hpp"

namespace labtwin::storage {

/// A steady stream of requests: a window kept full, or a schedule that the window can follow.
struct BulkDemand {
  IoClass request;
  Seconds work;         ///< that one request is for the drive now
  double window = 1.0;  ///< requests in flight when the window is full, >= 1
  std::optional<PerSecond> rate_limit = std::nullopt;
  Seconds think_time{};       ///< between the end of a request and the issue of its successor
  double availability = 1.0;  ///< share of time in which the job issues
};

struct BulkFlow {
  PerSecond request_rate;
  Seconds request_latency;
  double num_in_flight = 0.0;
  bool window_full = false;  ///< false: the rate limit binds
};

/// Rates at which streams share a drive that takes all their windows at once.
/// Law:    every stream meets the backlog of all requests in flight; rate = num_in_flight / latency, where num_in_flight is the
///         window less what is thinking or, under a rate limit, rate_limit x latency if that is less.
/// Inputs: at least one stream.
/// Valid:  first come, first served, no write cache.
/// Source: Little's law on the law of the drive.
/// Error:  exact for streams of one request per block; see the tests for split blocks.
[[nodiscard]] std::vector<BulkFlow> share_drive(const DriveLaw& law, Occupancy::Weights weights,
                                                const std::vector<BulkDemand>& demands);

}  // namespace labtwin::storage
