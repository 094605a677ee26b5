#include "models/serving/operator_law.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

/// No overheads and a sharp knee: limits are bytes over bandwidth and operations over rate.
OperatorCoefficients bare() {
  OperatorCoefficients c;
  c.bandwidth = BytesPerSecond::from_base(1e12);
  c.matrix_rate = FlopsPerSecond::from_base(1e14);
  c.knee = 100.0;
  c.activation_passes = 0.0;
  c.attention_rate = FlopsPerSecond::from_base(5e13);
  c.mixed_decode_rate = FlopsPerSecond::from_base(1e12);
  return c;
}

/// 10 layers of 100 MB.
OperatorWork work() {
  OperatorWork w;
  w.num_layers = 10.0;
  w.layer_weights = Bytes::from_base(1e8);
  w.token = Flops::from_base(1e8);
  w.token_kv = Bytes::from_base(4096.0);
  w.pair = Flops::from_base(16384.0);
  w.head_weights = Bytes::from_base(1e9);
  w.head = Flops::from_base(1e9);
  return w;
}

TEST(OperatorLaw, OfOneDecodeIsItsBytesOverTheBandwidth) {
  const OperatorBatch one{.num_tokens = 1, .num_sampled = 1, .num_decodes = 1, .kv_tokens = 1000, .longest_kv = 1000};
  const double bytes = 10 * (1e8 + 4096.0 * 1000) + 1e9;
  EXPECT_NEAR(step_time(bare(), work(), one).value(), bytes / 1e12, 1e-9);
}

TEST(OperatorLaw, OfALongPromptIsItsOperationsOverTheirRates) {
  const OperatorBatch prompt{.num_tokens = 4096, .longest_chunk = 4096, .num_pairs = 4096.0 * 2048};
  const double matrices = 10 * 4096 * 1e8 / 1e14;
  const double attention = 10 * 4096.0 * 2048 * 16384 / 5e13;
  EXPECT_NEAR(step_time(bare(), work(), prompt).value(), matrices + attention + 1e9 / 1e12, 1e-6);
}

TEST(OperatorLaw, ChargesDecodesMoreInABatchWithPrompts) {
  OperatorBatch batch{.num_tokens = 20, .num_decodes = 20, .kv_tokens = 20000, .longest_kv = 1000};
  const Seconds alone = attention_time(bare(), work(), batch);
  EXPECT_NEAR(alone.value(), 20000 * 4096.0 / 1e12, 1e-12);
  batch.longest_chunk = 1.0;
  EXPECT_NEAR(attention_time(bare(), work(), batch).value(), 20000 * 16384.0 / 1e12, 1e-9);
}

TEST(OperatorLaw, GoesFromTheMeanToTheLongestCacheWithSkew) {
  OperatorCoefficients c = bare();
  const OperatorBatch batch{.num_tokens = 2, .num_decodes = 2, .kv_tokens = 1100, .longest_kv = 1000};
  c.skew = 1.0;
  EXPECT_NEAR(attention_time(c, work(), batch).value(), 2000 * 4096.0 / 1e12, 1e-12);
}

TEST(OperatorLaw, ReadsExpertsAsTheBatchTouchesThem) {
  OperatorWork w = work();
  w.expert_weights = Bytes::from_base(1e9);
  w.experts_used = 0.125;
  EXPECT_NEAR(matrix_time(bare(), w, 1.0).value(), (1e8 + 0.125e9) / 1e12, 1e-9);
  EXPECT_NEAR(matrix_time(bare(), w, 100.0).value(), (1e8 + 1e9) / 1e12, 1e-8);
}

TEST(OperatorLaw, NeverGetsFasterWithMoreWork) {
  OperatorCoefficients c = bare();
  c.knee = 3.0;
  c.activation_passes = 5.0;
  c.attention_chain = Seconds::from_base(3e-8);
  c.decode_overhead = Seconds::from_base(1e-6);
  Seconds before;
  for (double tokens = 1.0; tokens < 5000.0; tokens *= 1.3) {
    const OperatorBatch batch{.num_tokens = tokens,
                              .num_sampled = 1.0,
                              .longest_chunk = tokens,
                              .longest_prefix = 100.0,
                              .num_pairs = tokens * (100.0 + 0.5 * tokens)};
    const Seconds now = step_time(c, work(), batch);
    EXPECT_GT(now, before);
    before = now;
  }
}

TEST(OperatorBatch, SumsTheStep) {
  const std::array<StepPart, 3> step = {{{.num_tokens = 1, .num_computed = 99, .samples = true, .is_decode = true},
                                         {.num_tokens = 1, .num_computed = 9, .samples = true, .is_decode = true},
                                         {.num_tokens = 50, .num_computed = 64, .samples = false, .is_decode = false}}};
  const OperatorBatch batch = operator_batch(step);
  EXPECT_EQ(batch.num_tokens, 52.0);
  EXPECT_EQ(batch.num_sampled, 2.0);
  EXPECT_EQ(batch.num_decodes, 2.0);
  EXPECT_EQ(batch.kv_tokens, 110.0);
  EXPECT_EQ(batch.longest_kv, 100.0);
  EXPECT_EQ(batch.longest_chunk, 50.0);
  EXPECT_EQ(batch.longest_prefix, 64.0);
  EXPECT_EQ(batch.num_pairs, 50.0 * (64 + 25));
}

}  // namespace
}  // namespace labtwin::serving
