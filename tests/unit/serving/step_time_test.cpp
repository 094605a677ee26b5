#include "models/serving/step_time.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

// 10 GB of weights at 1 TB/s x 0.5 = 20 ms; 2 x 5e9 / (20e12 x 0.5) = 1 ms per prompt token; 1 MB of cache per token = 2 us per
// token of context.
const RooflineStepTime kModel({.vram = 24_GiB,
                               .memory_bandwidth = BytesPerSecond::from_base(1e12),
                               .memory_efficiency = 0.5,
                               .peak_flops = FlopsPerSecond::from_base(20e12),
                               .compute_efficiency = 0.5,
                               .step_overhead = 3_ms},
                              {.weights = Bytes::from_base(1e10),
                               .kv_cache = BytesPerToken::from_base(1e6),
                               .num_parameters = 5e9});

TEST(RooflineStepTime, DecodeReadsTheWeightsAndTheCache) {
  EXPECT_NEAR(kModel.step_time({.prefill_tokens = 0, .num_decodes = 1, .context_tokens = 1000}).value(), 0.003 + 0.020 + 0.002,
              1e-12);
}

TEST(RooflineStepTime, LongPromptIsBoundByArithmetic) {
  EXPECT_NEAR(kModel.step_time({.prefill_tokens = 500, .num_decodes = 0, .context_tokens = 0}).value(), 0.503, 1e-12);
}

TEST(RooflineStepTime, ManyStepsAreTheSumOfTheSingleOnes) {
  StepBatch batch{.prefill_tokens = 0, .num_decodes = 3, .context_tokens = 4000};
  const Seconds together = kModel.decode_time(batch, 50);
  Seconds sum;
  for (int step = 0; step < 50; ++step) {
    sum += kModel.step_time(batch);
    batch.context_tokens += batch.num_decodes;
  }
  EXPECT_NEAR(together.value(), sum.value(), 1e-12);
}

TEST(DecodeStepsWithin, CountsOnlyWholeSteps) {
  const StepBatch batch{.prefill_tokens = 0, .num_decodes = 1, .context_tokens = 100};
  const Seconds seven = kModel.decode_time(batch, 7);
  EXPECT_EQ(decode_steps_within(kModel, batch, seven, 100), 7u);
  EXPECT_EQ(decode_steps_within(kModel, batch, seven - 1_us, 100), 6u);
  EXPECT_EQ(decode_steps_within(kModel, batch, 3600_s, 100), 100u);
  EXPECT_EQ(decode_steps_within(kModel, batch, Seconds{}, 100), 0u);
}

}  // namespace
}  // namespace labtwin::serving
