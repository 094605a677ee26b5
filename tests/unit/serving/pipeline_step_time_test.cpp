#include "models/serving/pipeline_step_time.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "models/serving/exchange_step_time.hpp"

namespace labtwin::serving {
namespace {

/// Weights that are read once a batch, and a part of every token.
class Affine final : public StepTimeModel {
 public:
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override {
    return Seconds::from_base(1e-2 + 1e-3 * batch.num_tokens + 1e-8 * batch.kv_tokens);
  }
};

PipelineStepTime pipeline(double num_stages) {
  return {std::make_unique<Affine>(), num_stages};
}

OperatorBatch decodes(double count) {
  return {.num_tokens = count, .num_sampled = count, .num_decodes = count, .kv_tokens = 1000.0 * count, .longest_kv = 1000.0};
}

TEST(PipelineStepTime, OneSequenceGoesThroughAllStages) {
  const OperatorBatch one = decodes(1.0);
  EXPECT_DOUBLE_EQ(pipeline(4.0).step_time(one).value(), Affine().step_time(one).value());
}

TEST(PipelineStepTime, ManySequencesShareTheStages) {
  const double all = pipeline(4.0).step_time(decodes(64.0)).value();
  EXPECT_DOUBLE_EQ(all, Affine().step_time(decodes(16.0)).value());
  EXPECT_LT(all, Affine().step_time(decodes(64.0)).value());
}

TEST(PipelineStepTime, APromptStaysWhole) {
  const OperatorBatch prompt{.num_tokens = 512.0, .num_sampled = 1.0, .longest_chunk = 512.0, .num_pairs = 1e5};
  EXPECT_DOUBLE_EQ(pipeline(4.0).step_time(prompt).value(), Affine().step_time(prompt).value());
  OperatorBatch four = prompt;
  four.num_tokens = 2048.0;
  four.num_sampled = 4.0;
  four.num_pairs = 4e5;
  EXPECT_DOUBLE_EQ(pipeline(4.0).step_time(four).value(), Affine().step_time(prompt).value());
}

TEST(PipelineStepTime, MoreStagesAreNeverSlowerForMany) {
  double before = 1e9;
  for (const double num_stages : {1.0, 2.0, 4.0, 8.0}) {
    const double now = pipeline(num_stages).step_time(decodes(32.0)).value();
    EXPECT_LT(now, before) << num_stages;
    before = now;
  }
}

TEST(PipelineStepTime, EveryTokenIsHandedOnOnce) {
  const PipelineStepTime steps(
      std::make_unique<ExchangeStepTime>(
          std::make_unique<Affine>(),
          ExchangeCoefficients{.calls = 3.0, .token = Bytes::from_base(100.0), .call = {.per_byte = 1e-9}, .sent = 1.0 / 3.0}),
      4.0);
  EXPECT_DOUBLE_EQ(steps.traffic(decodes(64.0)).bytes.value(), 6400.0);
  EXPECT_DOUBLE_EQ(steps.traffic(decodes(64.0)).on_links.value(), 3.0 * 1600.0 * 1e-9);
}

TEST(ExchangeStepTime, CountsWhatStepsInsideSend) {
  const auto exchange = [](std::unique_ptr<const StepTimeModel> inside) {
    return std::make_unique<ExchangeStepTime>(std::move(inside),
                                              ExchangeCoefficients{.calls = 2.0, .token = Bytes::from_base(10.0), .sent = 1.0});
  };
  EXPECT_DOUBLE_EQ(exchange(exchange(std::make_unique<Affine>()))->traffic(decodes(4.0)).bytes.value(), 160.0);
}

}  // namespace
}  // namespace labtwin::serving
