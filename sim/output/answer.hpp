#pragma once

// The answer in plain words, built from what the results say and nothing else.

#include <optional>
#include <string>
#include <vector>

#include "sim/run/results.hpp"

namespace labtwin::output {

/// What the slow requests of a workload wait for most.
struct TailFinding {
  std::string resource;
  double waiting_share = 0.0;  ///< of the tail's time: waiting for the resource or slowed down at it
  std::string culprit;         ///< whose work was in the way most
  double culprit_share = 0.0;  ///< of that waiting
};

/// The finding for the workload the question is about; nothing if its tail waits for nothing.
[[nodiscard]] std::optional<TailFinding> find_tail_cause(const std::vector<BlameRow>& blame, const std::string& workload);

/// How a culprit is called towards a reader who knows whose requests are meant.
[[nodiscard]] std::string culprit_text(const std::string& culprit, const std::string& workload);

/// Whose time an objective limits: `agents`, `llm of agents`.
[[nodiscard]] std::string subject_text(const SloRow& slo);

/// The headline first: one sentence, then what the tail waits for, then the cures that work.
[[nodiscard]] std::vector<std::string> answer(const Results& results);

}  // namespace labtwin::output
