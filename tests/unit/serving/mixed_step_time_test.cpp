#include "models/serving/mixed_step_time.hpp"

#include <gtest/gtest.h>

#include "models/serving/drawn_step_time.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::serving {
namespace {

using testing::SimpleSteps;

/// A card at whose decodes and prompts another one would be this much faster.
CardShare slower(double decode, double prompt, double share) {
  return {std::make_unique<DrawnStepTime>(std::make_unique<SimpleSteps>(), SpeedFactors{.decode = decode, .prompt = prompt}),
          share};
}

std::vector<CardShare> two_cards() {
  std::vector<CardShare> cards;
  cards.push_back(slower(1.0, 2.0, 2.0 / 3.0));
  cards.push_back(slower(3.0, 1.0, 1.0 / 3.0));
  return cards;
}

constexpr OperatorBatch kDecode{.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0};
constexpr OperatorBatch kPrompt{.num_tokens = 100.0, .num_sampled = 1.0, .longest_chunk = 100.0};

TEST(MixedStepTime, AtOnceWaitsForTheSlowestOfEachStep) {
  const MixedStepTime steps(two_cards(), CardWork::AtOnce);
  EXPECT_NEAR(steps.step_time(kDecode).value(), 0.030, 1e-12);
  EXPECT_NEAR(steps.step_time(kPrompt).value(), 0.200, 1e-12);
}

TEST(MixedStepTime, InTurnTakesEachCardForItsLayers) {
  const MixedStepTime steps(two_cards(), CardWork::InTurn);
  EXPECT_NEAR(steps.step_time(kDecode).value(), (0.010 * 2.0 + 0.030) / 3.0, 1e-12);
  EXPECT_NEAR(steps.step_time(kPrompt).value(), (0.200 * 2.0 + 0.100) / 3.0, 1e-12);
}

}  // namespace
}  // namespace labtwin::serving
