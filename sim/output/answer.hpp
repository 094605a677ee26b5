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
  double waiting_share = 0.0;  ///< of the tail's time: waiting for the resource
  double slowed_share = 0.0;   ///< of the tail's time: slowed down at it
  std::string culprit;         ///< whose work was in the way most
  double culprit_share = 0.0;  ///< of that delay

  [[nodiscard]] double delay_share() const noexcept { return waiting_share + slowed_share; }
};

/// The finding for the workload the question is about; nothing if its tail waits for nothing.
[[nodiscard]] std::optional<TailFinding> find_tail_cause(const std::vector<BlameRow>& blame, const std::string& workload);

/// `waiting for nvme0`, `slowed at gpu0`, or both where neither is nearly all of it.
[[nodiscard]] std::string delay_text(const TailFinding& finding);

/// How a culprit is called towards a reader who knows whose requests are meant.
[[nodiscard]] std::string culprit_text(const std::string& culprit, const std::string& workload);

/// Whose time an objective limits: `agents`, `llm of agents`.
[[nodiscard]] std::string subject_text(const SloRow& slo);

/// The headline first: one sentence, then where requests begin to fail, what the tail waits for, and the cures that work. Where
/// no job is to blame for the tail but requests fail, where they begin to comes first.
[[nodiscard]] std::vector<std::string> answer(const Results& results);

}  // namespace labtwin::output
