#include "models/serving/drawn_step_time.hpp"

#include <gtest/gtest.h>

#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::serving {
namespace {

using testing::SimpleSteps;

TEST(DrawnStepTime, ScalesDecodesAndWhatPromptsAddToThem) {
  const DrawnStepTime steps(std::make_unique<SimpleSteps>(), {.decode = 1.5, .prompt = 0.5});
  const OperatorBatch decodes{.num_tokens = 2.0, .num_sampled = 2.0, .num_decodes = 2.0};
  EXPECT_NEAR(steps.step_time(decodes).value(), 1.5 * 0.020, 1e-12);
  const OperatorBatch prompt{.num_tokens = 100.0, .num_sampled = 1.0, .longest_chunk = 100.0};
  EXPECT_NEAR(steps.step_time(prompt).value(), 0.5 * 0.100, 1e-12);
  const OperatorBatch both{.num_tokens = 102.0, .num_sampled = 3.0, .longest_chunk = 100.0, .num_decodes = 2.0};
  EXPECT_NEAR(steps.step_time(both).value(), 1.5 * 0.020 + 0.5 * 0.100, 1e-12);
}

}  // namespace
}  // namespace labtwin::serving
