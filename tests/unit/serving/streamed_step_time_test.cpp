#include "models/serving/streamed_step_time.hpp"

#include <gtest/gtest.h>

#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;
using testing::SimpleSteps;

StreamedStepTime steps_with(double rate, Bytes bytes) {
  return {std::make_unique<SimpleSteps>(),
          {.share = 0.25, .dense = bytes, .experts = {}, .picked = 1.0, .rate = BytesPerSecond::from_base(rate)}};
}

constexpr OperatorBatch kDecode{.num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0};

TEST(StreamedStepTime, IsTheBytesOverTheLinkWhereThatIsSlow) {
  // Of a step of 10 ms a quarter becomes 25 GB/s x 0.1 s.
  EXPECT_NEAR(steps_with(25e9, Bytes::from_base(2.5e9)).step_time(kDecode).value(), 0.0075 + 0.1, 1e-12);
}

TEST(StreamedStepTime, IsHiddenWhereTheLinkIsFasterThanTheLayers) {
  EXPECT_NEAR(steps_with(25e9, Bytes::from_base(25e6)).step_time(kDecode).value(), 0.010, 1e-12);
  const OperatorBatch prompt{.num_tokens = 1000.0, .num_sampled = 1.0, .longest_chunk = 1000.0};
  EXPECT_NEAR(steps_with(25e9, Bytes::from_base(2.5e9)).step_time(prompt).value(), 1.0, 1e-12);
}

TEST(StreamedStepTime, SlowsDownByLessTheFasterTheLink) {
  double before = 1e9;
  for (const double rate : {4e9, 8e9, 16e9, 32e9}) {
    const double step = steps_with(rate, Bytes::from_base(2.5e9)).step_time(kDecode).value();
    EXPECT_LT(step, before);
    before = step;
  }
}

TEST(StreamedStepTime, TellsTheBusWhatItReads) {
  const StreamedStepTime steps = steps_with(25e9, Bytes::from_base(2.5e9));
  EXPECT_NEAR(steps.traffic(kDecode).bytes.value(), 2.5e9, 1.0);
  EXPECT_NEAR(steps.traffic(kDecode).on_links.value(), 0.1, 1e-12);
}

TEST(WeightStream, ReadsOnlyTheExpertsThatTokensPick) {
  ModelShape shape;
  shape.experts = ExpertShape{.count = 8, .used = 2};
  const ModelWeights weights{.layers = {{.dense = 1_GiB, .experts = 3_GiB}, {.dense = 1_GiB, .experts = 3_GiB}}};
  const WeightStream stream = stream_weights(shape, weights, 4_GiB, 1.0);
  EXPECT_NEAR(stream.share, 0.5, 1e-12);
  // Half of the dense weights, and of half of the experts a quarter, or 7/16 with two tokens.
  EXPECT_NEAR(stream.read(1.0) / 1_GiB, 1.0 + 0.25 * 3.0, 1e-9);
  EXPECT_NEAR(stream.read(2.0) / 1_GiB, 1.0 + 7.0 / 16.0 * 3.0, 1e-9);
}

}  // namespace
}  // namespace labtwin::serving
