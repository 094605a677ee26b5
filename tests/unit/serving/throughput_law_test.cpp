#include "models/serving/throughput_law.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace labtwin::serving {
namespace {

ThroughputRun eight_billion_on_a_terabyte_a_second() {
  return {.memory_bandwidth = BytesPerSecond::from_base(1e12),
          .peak_flops = FlopsPerSecond::from_base(1e14),
          .vector_flops = FlopsPerSecond::from_base(2e13),
          .layers = 32,
          .hidden_size = 4096,
          .attended = 32.0 * 2.0 * 4096.0,
          .active_parameters = 8e9,
          .weights = {.dense_on_card = Bytes::from_base(5e9)},
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
  run.weights = {.dense_on_card = Bytes::from_base(1e9), .experts_on_card = Bytes::from_base(4e9), .picked = 0.25};
  run.batch = 2.0;
  EXPECT_NEAR(token_seconds(run, false)[Weights], 1e-3 + 4e-3 * (1.0 - 0.75 * 0.75), 1e-9);
}

TEST(ThroughputLaw, ExpertsInTheHostAreReadThereAsFarAsTheyArePicked) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.weights = {.dense_on_card = Bytes::from_base(1e9), .experts_in_host = Bytes::from_base(4e9), .picked = 0.25};
  run.host_bandwidth = BytesPerSecond::from_base(1e11);
  EXPECT_NEAR(token_seconds(run, false)[Weights], 1e-3, 1e-9);
  EXPECT_NEAR(token_seconds(run, false)[Host], 10e-3, 1e-9);
}

TEST(ThroughputLaw, LayersWithAWindowAttendToNoMore) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.attended = 1e6;
  run.windowed = 4e6;
  run.window = 1024.0;
  run.prompt_tokens = 2000.0;
  run.depth = 9000.0;
  const double cache = 4.0 * run.context_cache.value() / run.memory_bandwidth.value();
  EXPECT_NEAR(prompt_seconds(run)[Context] - cache, 2.0 * 2000.0 * (1e6 * 10000.0 + 4e6 * 1024.0) / 1e14, 1e-9);
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

TEST(ThroughputLaw, AShortPromptCostsNoMoreThanThriceItsArithmetic) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.prompt_tokens = 1.0;
  EXPECT_NEAR(prompt_seconds(run)[Arithmetic], 3.0 * 2.0 * 8e9 / 1e14, 1e-12);
  run.prompt_tokens = 512.0;
  EXPECT_NEAR(prompt_seconds(run)[Arithmetic], 2.0 * 8e9 * 512.0 * (1.0 + 16.0 / 512.0) / 1e14, 1e-9);
}

TEST(ThroughputLaw, AnExpertSeesTheColumnsThatChooseIt) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.weights = {.experts_on_card = Bytes::from_base(5e9), .picked = 0.125};
  EXPECT_NEAR(columns_worked(run, 512.0), 512.0 + 512.0, 1e-9);
  EXPECT_NEAR(columns_worked(run, 8.0), 9.0 * 8.0, 1e-9);
}

// A prompt of one token is a step: it launches and reads the same.
TEST(ThroughputLaw, APromptOfOneTokenReadsWhatATokenReads) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.prompt_tokens = 1.0;
  const ThroughputTerms token = token_seconds(run, false);
  const ThroughputTerms prompt = prompt_seconds(run);
  EXPECT_DOUBLE_EQ(prompt[Launch], token[Launch]);
  EXPECT_NEAR(prompt[Weights], token[Weights], 0.01 * token[Weights]);  // beside what passes between its layers
}

TEST(ThroughputLaw, PromptsThatShareAMicrobatchShareItsReads) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  run.prompt_tokens = 64.0;
  const double activations = 240.0 * run.layers * run.hidden_size * 64.0 / run.memory_bandwidth.value();
  const double alone = prompt_seconds(run)[Weights] - activations;
  EXPECT_GT(alone, 0.0);
  run.prompts_at_once = 8.0;
  EXPECT_NEAR(prompt_seconds(run)[Weights] - activations, alone / 8.0, 1e-11);
}

TEST(ThroughputLaw, FewVectorUnitsKeepWideMemoryWaiting) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  EXPECT_NEAR(token_seconds(run, false)[Vector], 8.0 * 8e9 / 2e13, 1e-11);
}

TEST(ThroughputLaw, ARequestToAServerHasMoreAroundIt) {
  ThroughputRun run = eight_billion_on_a_terabyte_a_second();
  const double alone = sum(prompt_seconds(run));
  run.is_request = true;
  EXPECT_GT(sum(prompt_seconds(run)), alone);
}

}  // namespace
}  // namespace labtwin::serving
