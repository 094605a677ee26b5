#include "models/serving/offload_step_time.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

/// Two layers of 10 MiB and 80 MiB of eight experts, two of which a token picks; a head of 4 MiB.
ModelShape two_layers() {
  ModelShape shape;
  shape.layers = 2;
  shape.experts = ExpertShape{.count = 8, .used = 2};
  return shape;
}

ModelWeights weights_of_two_layers() {
  ModelWeights weights;
  weights.output_head = 4_MiB;
  weights.layers.assign(2, {.dense = 10_MiB, .experts = 80_MiB});
  return weights;
}

TEST(PlaceWeights, ExpertsOfTheFirstLayersStayInTheHost) {
  const WeightPlacement placement = place_weights(two_layers(), weights_of_two_layers(), 3, 1);
  EXPECT_EQ(placement.dense_on_card, 24_MiB);
  EXPECT_EQ(placement.experts_on_card, 80_MiB);
  EXPECT_EQ(placement.in_host(), 80_MiB);
  EXPECT_DOUBLE_EQ(placement.picked, 0.25);
  EXPECT_EQ(placement.read_in_host(1.0), 20_MiB);
  // Of two tokens at once, each misses an expert with probability 3/4.
  EXPECT_DOUBLE_EQ(placement.read_in_host(2.0).value(), (80_MiB).value() * (1.0 - 0.75 * 0.75));
}

TEST(PlaceWeights, OfFewLayersOnTheCardTheLastAreThere) {
  const WeightPlacement one = place_weights(two_layers(), weights_of_two_layers(), 1, 0);
  EXPECT_EQ(one.dense_on_card + one.experts_on_card, 90_MiB);
  EXPECT_EQ(one.dense_in_host, 14_MiB);
  EXPECT_EQ(one.experts_in_host, 80_MiB);
}

OffloadCoefficients coefficients() {
  return {.placement = place_weights(two_layers(), weights_of_two_layers(), 3, 2),
          .launch = 1e-3,
          .card_per_byte = 1e-12,
          .host_per_byte = 1e-11,
          .context_per_token = 1e-6,
          .prompt_launch = 2e-3,
          .arithmetic = 1e-6,
          .pair = 1e-9,
          .streaming_per_byte = 5e-11,
          .cores_per_token = 1e-4,
          .cores_host = 1e-4,
          .ubatch = 512.0};
}

TEST(OffloadStepTime, ADecodeReadsItsExpertsInTheHost) {
  const OffloadStepTime steps(coefficients());
  const OperatorBatch one{.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0, .kv_tokens = 100.0};
  const double host = (40_MiB).value();
  EXPECT_NEAR(steps.step_time(one).value(), 1e-3 + 1e-12 * (24_MiB).value() + 1e-11 * host + 1e-4, 1e-12);
  EXPECT_DOUBLE_EQ(steps.traffic(one).bytes.value(), host);
  EXPECT_NEAR(steps.traffic(one).on_links.value(), 1e-11 * host, 1e-15);
}

TEST(OffloadStepTime, LargeMicrobatchesAreCopiedAndSmallOnesMultipliedByCores) {
  const OffloadStepTime steps(coefficients());
  const auto prompt = [&](double tokens) {
    return steps.step_time({.num_tokens = tokens, .num_sampled = 1.0, .longest_chunk = tokens}).value();
  };
  // Copying all 160 MiB takes 8.4 ms, as long as cores take for 83 tokens.
  const double copied = 5e-11 * (160_MiB).value();
  EXPECT_NEAR(prompt(512.0), 2e-3 + 1e-6 * 576.0 + copied, 1e-9);
  EXPECT_NEAR(prompt(10.0), 2e-3 + 1e-6 * 74.0 + 1e-4 * 10.0 + 1e-4, 1e-9);
  EXPECT_NEAR(prompt(1024.0), 2.0 * prompt(512.0), 1e-9);
}

}  // namespace
}  // namespace labtwin::serving
