#include "models/serving/serving_replay.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/serving/vllm_scheduler.hpp"

namespace labtwin::serving {
namespace {

/// An engine whose every step takes 10 ms, whatever is in it.
OperatorWork ten_milliseconds() {
  OperatorWork work;
  work.num_layers = 1.0;
  work.layer_weights = Bytes::from_base(1e10);
  return work;
}

OperatorCoefficients terabyte_per_second() {
  OperatorCoefficients c;
  c.bandwidth = BytesPerSecond::from_base(1e12);
  c.matrix_rate = FlopsPerSecond::from_base(1e30);
  c.activation_passes = 0.0;
  c.attention_rate = FlopsPerSecond::from_base(1e30);
  c.mixed_decode_rate = FlopsPerSecond::from_base(1e30);
  return c;
}

TEST(ServingReplay, GivesATokenPerStep) {
  const std::vector<TimedRequest> requests = {{Seconds::from_base(1.0), {.prompt_tokens = 100, .output_tokens = 5}},
                                              {Seconds::from_base(1.005), {.prompt_tokens = 100, .output_tokens = 1}}};
  VllmScheduler engine({.num_blocks = 100});
  const ServingReplay result = replay(requests, engine, OperatorStepTime(terabyte_per_second(), ten_milliseconds()));
  EXPECT_NEAR(result.requests[0].first.value(), 1.01, 1e-9);
  EXPECT_NEAR(result.requests[0].last.value(), 1.05, 1e-9);
  // It arrives during the first step and joins the second.
  EXPECT_NEAR(result.requests[1].first.value(), 1.02, 1e-9);
  EXPECT_NEAR(result.requests[1].last.value(), 1.02, 1e-9);
  EXPECT_EQ(result.num_steps, 5U);
}

TEST(ServingReplay, LeavesOutWhatDoesNotFit) {
  const std::vector<TimedRequest> requests = {{Seconds{}, {.prompt_tokens = 1000, .output_tokens = 5}},
                                              {Seconds{}, {.prompt_tokens = 10, .output_tokens = 1}}};
  VllmScheduler engine({.num_blocks = 10});
  const ServingReplay result = replay(requests, engine, OperatorStepTime(terabyte_per_second(), ten_milliseconds()));
  EXPECT_TRUE(std::isinf(result.requests[0].last.value()));
  EXPECT_NEAR(result.requests[1].last.value(), 0.01, 1e-9);
}

}  // namespace
}  // namespace labtwin::serving
