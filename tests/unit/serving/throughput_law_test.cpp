#include "models/serving/throughput_law.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace labtwin::serving {
namespace {

ThroughputRun eight_billion_on_a_terabyte_a_second() {
  return {.memory_bandwidth = BytesPerSecond::from_base(1e12),
          .peak_flops = FlopsPerSecond::from_base(1e14),
          .layers = 32,
          .hidden_size = 4096,
          .active_parameters = 8e9,
          .weights = Bytes::from_base(5e9),
          .context_cache = Bytes::from_base(1e9)};
}

double sum(const ThroughputTerms& terms) {
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

TEST(ThroughputLaw, ReadsWeightsOnceAndTheCacheOfEachSequence) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.batch = 4.0;
  const ThroughputTerms terms = token_seconds(run, false);
  EXPECT_NEAR(terms[Weights], 5e-3, 1e-9);
  EXPECT_NEAR(terms[Context], 4e-3, 1e-9);
  EXPECT_NEAR(terms[Launch], 32 * 60e-6, 1e-12);
}

TEST(ThroughputLaw, ABatchReadsMoreExperts) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.has_experts = true;
  run.active_share = 0.25;
  run.batch = 2.0;
  EXPECT_NEAR(token_seconds(run, false)[Weights], 5e-3 * (1.0 - 0.75 * 0.75), 1e-9);
}

TEST(ThroughputLaw, SplittingTensorsSharesTheReadsSplittingLayersDoesNot) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.num_cards = 2.0;
  EXPECT_NEAR(token_seconds(run, false)[Weights], 5e-3, 1e-9);
  run.splits_tensors = true;
  EXPECT_NEAR(token_seconds(run, false)[Weights], 2.5e-3, 1e-9);
}

TEST(ThroughputLaw, PromptsTakeLongerWhenDeeperOrInSmallMicrobatches) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  const double at_zero = sum(prompt_seconds(run));
  run.depth = 8192.0;
  EXPECT_GT(sum(prompt_seconds(run)), at_zero);
  run.depth = 0.0;
  run.ubatch = 32.0;
  EXPECT_GT(sum(prompt_seconds(run)), at_zero);
}

// Below 64 columns other kernels take over: a prompt of one token is a token, not 64.
TEST(ThroughputLaw, AShortPromptCostsNoMoreThanTwiceItsArithmetic) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.prompt_tokens = 1.0;
  EXPECT_NEAR(prompt_seconds(run)[Arithmetic], 2.0 * 2.0 * 8e9 / 1e14, 1e-12);
  run.prompt_tokens = 512.0;
  EXPECT_NEAR(prompt_seconds(run)[Arithmetic], 2.0 * 8e9 * 512.0 * (1.0 + 64.0 / 512.0) / 1e14, 1e-9);
}

TEST(ThroughputLaw, ARequestToAServerHasMoreAroundIt) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  const double alone = sum(prompt_seconds(run));
  run.is_request = true;
  EXPECT_GT(sum(prompt_seconds(run)), alone);
}

}  // namespace
}  // namespace labtwin::serving
