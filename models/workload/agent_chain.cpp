#include "models/workload/agent_chain.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::workload {

void AgentChain::add(TraceRequest request, const StepTimes& times, TraceDraft& draft) {
  request.at = Seconds::from_base(times.at);
  if (!last_) first_at_ = times.at;
  if (const auto before = last()) {
    request.after.push_back(*before);
    for (const std::uint32_t helper : std::exchange(helpers_, {})) request.after.push_back(helper);
    if (times.pause) {
      // What the agents that it started took is part of the pause.
      request.gap = Seconds::from_base(std::max(0.0, *times.pause - helpers_span_));
    } else if (last_) {
      request.gap = Seconds::from_base(std::max(0.0, times.at - last_at_));
      request.gap_from = GapFrom::Request;
    }
  }
  helpers_span_ = 0.0;
  last_at_ = times.at;
  ended_ = times.at + times.answering.value_or(0.0);
  last_ = draft.add(std::move(request));
}

void AgentChain::wait_for(const AgentChain& helper) {
  if (!helper.last_) return;
  helpers_.push_back(*helper.last_);
  helpers_span_ = std::max(helpers_span_, helper.ended_ - helper.first_at_);
}

}  // namespace labtwin::workload
