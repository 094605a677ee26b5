#pragma once

#include "models/serving/step_time.hpp"

namespace labtwin::serving::testing {

/// Prompts take 1 ms a token; a decode step 10 ms, plus 10 ms for every sequence beyond the first; nothing for context.
class SimpleSteps final : public StepTimeModel {
 public:
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override {
    return Seconds::from_base(1e-3) * (batch.num_tokens - batch.num_decodes) + Seconds::from_base(10e-3) * batch.num_decodes;
  }
};

}  // namespace labtwin::serving::testing
