#pragma once

// What a worker is asked to do, as it travels over the pipe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// Simulate every variant of a scenario in every replication.
struct SimulateRequest {
  ScenarioSource source;
  std::vector<std::vector<Override>> variants;  ///< the first is the scenario as it is
  std::uint32_t num_replications = 1;
  bool keep_requests = false;
  std::size_t parallel = 0;
};

[[nodiscard]] std::string to_json(const SimulateRequest& request);
/// Throws InternalError if the text is no request.
[[nodiscard]] SimulateRequest simulate_request_from_json(std::string_view text);

/// The line of a run that failed, and the message of such a line; empty if the line is none.
[[nodiscard]] std::string error_line(std::string_view message);
[[nodiscard]] std::string error_of_line(std::string_view line);

}  // namespace labtwin
