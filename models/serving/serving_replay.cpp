#include "models/serving/serving_replay.hpp"

#include <algorithm>
#include <limits>

namespace labtwin::serving {

ServingReplay replay(std::span<const TimedRequest> requests, InferenceEngine& engine, const StepTimeModel& steps) {
  constexpr Seconds kNever = Seconds::from_base(std::numeric_limits<double>::infinity());
  ServingReplay result;
  result.requests.assign(requests.size(), {kNever, kNever});
  Seconds now;
  std::size_t next = 0;
  while (true) {
    for (; next < requests.size() && requests[next].arrival <= now; ++next) {
      InferenceRequest request = requests[next].request;
      request.id = next;
      static_cast<void>(engine.submit(request));
    }
    const auto step = engine.schedule();
    if (step.empty()) {
      if (next == requests.size()) break;
      now = requests[next].arrival;
      continue;
    }
    now += steps.step_time(operator_batch(step));
    ++result.num_steps;
    for (const TokenEvent& token : engine.complete(1)) {
      if (token.is_first) result.requests[token.request].first = now;
      if (token.is_last) result.requests[token.request].last = now;
    }
  }
  return result;
}

}  // namespace labtwin::serving
