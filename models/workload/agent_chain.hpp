#pragma once

// The steps of one agent in a trace: each goes on from the answer before it.

#include <cstdint>
#include <optional>
#include <vector>

#include "models/workload/trace_draft.hpp"

namespace labtwin::workload {

/// When a step was asked, as recorded, in seconds of its trace or of its agent.
struct StepTimes {
  double at = 0.0;
  std::optional<double> answering{};  ///< until its answer was complete
  std::optional<double> pause{};      ///< from the answer before: tools that ran, a person who thought
};

/// An agent. Agents that it starts work beside one another, and its next step waits for all of them.
class AgentChain {
 public:
  /// `starter`: the request behind which it begins; nothing for one that begins a session.
  explicit AgentChain(std::optional<std::uint32_t> starter = std::nullopt) : starter_(starter) {}

  /// Adds the next step to the trace.
  void add(TraceRequest request, const StepTimes& times, TraceDraft& draft);
  /// The last step started this agent, which has done all its steps.
  void wait_for(const AgentChain& helper);

  /// The last step, or what the first one will follow.
  [[nodiscard]] std::optional<std::uint32_t> last() const { return last_ ? last_ : starter_; }

 private:
  std::optional<std::uint32_t> starter_;
  std::optional<std::uint32_t> last_;
  double first_at_ = 0.0;
  double last_at_ = 0.0;
  double ended_ = 0.0;                  ///< when the last answer was complete, as far as the trace says
  std::vector<std::uint32_t> helpers_;  ///< last steps of agents that the last step started
  double helpers_span_ = 0.0;           ///< how long the slowest of them took
};

}  // namespace labtwin::workload
