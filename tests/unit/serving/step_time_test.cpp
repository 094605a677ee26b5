#include "models/serving/step_time.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

/// Launches 1 ms, all weights 10 ms, 2 us per token of context, 0.1 ms of arithmetic per sequence. A microbatch of 512:
/// launches 2 ms, weights 10 ms, 528 x 0.1 ms of arithmetic, 1 ns per pair; 20 ms around a prompt.
ThroughputCoefficients coefficients() {
  ThroughputCoefficients c;
  c.run.ubatch = 512.0;
  c.run.prompt_tokens = 512.0;
  c.run.weights.dense_on_card = Bytes::from_base(5e9);
  c.token = {1e-3, 10e-3, 1000 * 2e-6, 0.1e-3, 0.0, 0.0, 0.0, 0.0};
  c.context_tokens = 1000.0;
  c.prompt = {2e-3, 10e-3, 0.5 * 512 * 512 * 1e-9, 528 * 0.1e-3, 0.0, 0.0, 0.0, 20e-3};
  return c;
}

OperatorBatch decodes(double num, double context) {
  return {.num_tokens = num, .num_sampled = num, .num_decodes = num, .kv_tokens = num * context, .longest_kv = context};
}

TEST(ThroughputStepTime, DecodesReadTheWeightsOnce) {
  const ThroughputStepTime law(coefficients());
  EXPECT_NEAR(law.step_time(decodes(1, 500)).value(), 0.001 + 0.010 + 0.001 + 0.0001, 1e-12);
  EXPECT_NEAR(law.step_time(decodes(4, 500)).value(), 0.001 + 0.010 + 0.004 + 0.0004, 1e-12);
}

TEST(ThroughputStepTime, ABatchOfExpertsReadsMoreOfThem) {
  ThroughputCoefficients c = coefficients();
  c.run.weights = {.experts_on_card = Bytes::from_base(5e9), .picked = 0.25};
  const ThroughputStepTime law(c);
  // Of all weights, 40 ms, two sequences read 1 - 0.75^2.
  EXPECT_NEAR(law.step_time(decodes(2, 0)).value(), 0.001 + 0.040 * (1.0 - 0.75 * 0.75) + 0.0002, 1e-12);
}

TEST(ThroughputStepTime, PromptsGoByMicrobatchesAndDecodesRideAlong) {
  const ThroughputStepTime law(coefficients());
  const OperatorBatch batch{.num_tokens = 1001.0,
                            .num_sampled = 2.0,
                            .longest_chunk = 1000.0,
                            .num_pairs = 0.5e6,
                            .num_decodes = 1.0,
                            .kv_tokens = 100.0,
                            .longest_kv = 100.0};
  const double passes = 2 * (0.002 + 0.010) + (1001 + 2 * 16) * 0.1e-3;
  EXPECT_NEAR(law.step_time(batch).value(), passes + 0.5e6 * 1e-9 + 0.020 + 100 * 2e-6, 1e-12);
}

TEST(StepRun, ManyStepsAreTheSumOfTheSingleOnes) {
  ThroughputCoefficients c = coefficients();
  c.batch_exponent = 0.3;
  const ThroughputStepTime law(c);
  OperatorBatch batch = decodes(3, 4000);
  const StepRun run = step_run(law, batch);
  Seconds sum;
  for (int step = 0; step < 50; ++step) {
    sum += law.step_time(batch);
    batch.kv_tokens += 3;
    batch.longest_kv += 1;
  }
  EXPECT_NEAR(run.time(50).value(), sum.value(), 1e-12);
}

TEST(StepRun, CountsOnlyWholeSteps) {
  const StepRun run{.first = 10_ms, .growth = 1_us};
  EXPECT_EQ(run.steps_within(run.time(7), 100), 7u);
  EXPECT_EQ(run.steps_within(run.time(7) - 1_us, 100), 6u);
  EXPECT_EQ(run.steps_within(3600_s, 100), 100u);
  EXPECT_EQ(run.steps_within(Seconds{}, 100), 0u);
}

}  // namespace
}  // namespace labtwin::serving
