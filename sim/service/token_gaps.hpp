#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/base/units.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::service {

/// Times between the tokens of one answer, those in a row that are alike together: memory is that of the steps that differ, not
/// that of the tokens.
class TokenGaps {
 public:
  /// Gaps within half a per cent of the first of them.
  struct Alike {
    std::uint64_t count = 0;
    Seconds sum;

    [[nodiscard]] Seconds mean() const { return sum / static_cast<double>(count); }
  };

  /// So many gaps that last `sum` together.
  void add(std::uint64_t count, Seconds sum);
  [[nodiscard]] std::span<const Alike> all() const noexcept { return alike_; }

 private:
  std::vector<Alike> alike_;
  Seconds first_;  ///< of the last group
};

/// The gaps behind the first step of a run that took `elapsed`: each is one step, `growth` longer than the one before.
void add_run(TokenGaps& gaps, const serving::StepRun& run, std::uint64_t num_steps, Seconds elapsed);

}  // namespace labtwin::service
