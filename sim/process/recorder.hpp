#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/units.hpp"
#include "sim/process/blame_histogram.hpp"
#include "sim/process/timeline.hpp"

namespace labtwin {

struct RecorderOptions {
  Seconds warm_up;             ///< requests that arrive before are counted, but not measured
  bool keep_requests = false;  ///< whether to keep a row of every measured request, at the price of memory
};

/// How the requests of a workload ended. Whoever has arrived and is in none of the ends is still in the system.
class OutcomeCounts {
 public:
  void arrive() noexcept { ++arrived_; }
  void end(Outcome outcome) noexcept { ++ended_[static_cast<std::size_t>(outcome)]; }

  [[nodiscard]] std::uint64_t arrived() const noexcept { return arrived_; }
  [[nodiscard]] std::uint64_t ended(Outcome outcome) const noexcept { return ended_[static_cast<std::size_t>(outcome)]; }
  [[nodiscard]] std::uint64_t in_system() const noexcept {
    std::uint64_t count = arrived_;
    for (std::uint64_t ended : ended_) count -= ended;
    return count;
  }

 private:
  static constexpr std::size_t kNumOutcomes = 5;
  std::uint64_t arrived_ = 0;
  std::array<std::uint64_t, kNumOutcomes> ended_{};
};

/// Tokens of the prompts of a workload's answers.
struct PromptTokens {
  std::uint64_t total = 0;
  std::uint64_t prefix_hits = 0;  ///< that were computed before and still kept when the prompt was begun
};

/// A request's end, or the end of a stage of it.
struct RequestEnd {
  WorkloadId workload = 0;
  std::uint64_t request = 0;
  Seconds arrived;
  Seconds ended;
  Outcome outcome = Outcome::Completed;
};

/// Takes what happened and keeps what is asked for. Every timeline is checked on the way in: its segments sum to the time from
/// arrival to end within 1 ns, plus the rounding of the dates it was measured by.
class Recorder {
 public:
  explicit Recorder(const RecorderOptions& options = {}) noexcept : options_(options) {}

  void arrive(WorkloadId workload) { outcomes_[workload].arrive(); }
  /// Sojourn times are those of completed requests; every other end is counted.
  void end(const RequestEnd& end, const Timeline& timeline);
  /// A stage (time to first token, one retrieval) of a request that is still going on, or has just ended; `count`: so many
  /// alike.
  void end_stage(StageId stage, const RequestEnd& end, const Timeline& timeline, std::uint64_t count = 1);

  /// What a language model had to do for a prompt that it has answered.
  void count_prompt(WorkloadId workload, const PromptTokens& prompt) {
    prompts_[workload].total += prompt.total;
    prompts_[workload].prefix_hits += prompt.prefix_hits;
  }

  /// Of all requests, before and after the warm-up, like the outcomes.
  [[nodiscard]] const std::map<WorkloadId, PromptTokens>& prompts() const noexcept { return prompts_; }
  [[nodiscard]] const std::map<WorkloadId, OutcomeCounts>& outcomes() const noexcept { return outcomes_; }
  [[nodiscard]] const std::map<WorkloadId, BlameHistogram>& requests() const noexcept { return requests_; }
  [[nodiscard]] const std::map<std::pair<WorkloadId, StageId>, BlameHistogram>& stages() const noexcept { return stages_; }
  /// In order of their ends; empty unless asked for.
  [[nodiscard]] const std::vector<RequestEnd>& rows() const noexcept { return rows_; }

 private:
  [[nodiscard]] bool is_measured(const RequestEnd& end) const noexcept { return end.arrived >= options_.warm_up; }

  RecorderOptions options_;
  std::map<WorkloadId, OutcomeCounts> outcomes_;
  std::map<WorkloadId, PromptTokens> prompts_;
  std::map<WorkloadId, BlameHistogram> requests_;
  std::map<std::pair<WorkloadId, StageId>, BlameHistogram> stages_;
  std::vector<RequestEnd> rows_;
};

}  // namespace labtwin
