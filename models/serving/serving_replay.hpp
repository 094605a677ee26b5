#pragma once

// Requests with known arrivals and lengths, through one engine.

#include <cstdint>
#include <span>
#include <vector>

#include "models/base/units.hpp"
#include "models/serving/inference_engine.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

struct TimedRequest {
  Seconds arrival;
  InferenceRequest request;
};

/// When the first and the last token of a request came out; both at infinity for one that the engine cannot hold.
struct TokenTimes {
  Seconds first;
  Seconds last;
};

struct ServingReplay {
  std::vector<TokenTimes> requests;  ///< in the order given
  std::uint64_t num_steps = 0;
};

/// Runs step after step until every request is done; one that arrives during a step is seen at its end. Arrivals must not
/// decrease; ids are given here.
[[nodiscard]] ServingReplay replay(std::span<const TimedRequest> requests, InferenceEngine& engine, const StepTimeModel& steps);

}  // namespace labtwin::serving
