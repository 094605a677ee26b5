#include "models/serving/encoder_step_time.hpp"

#include <gtest/gtest.h>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"

namespace labtwin::serving {
namespace {

ModelShape shape_of(std::string_view model) {
  return load_embedder(catalog::Catalog(), model).shape;
}

AcceleratorSpec card_of(std::string_view card) {
  return load_accelerator(catalog::Catalog(), card).spec;
}

Seconds time_of(const EncoderStepTime& model, double texts, double tokens) {
  return model.step_time({.num_tokens = texts * tokens, .num_pairs = texts * tokens * tokens / 2.0});
}

// 256 texts of 449 tokens through text-embeddings-inference on an L4: 62,192 tokens a second.
TEST(EncoderStepTime, IsNearTheServersThatItComesFrom) {
  const EncoderStepTime model(shape_of("bge-large-en-v1.5"), card_of("l4"));
  EXPECT_NEAR(16.0 * 449.0 / time_of(model, 16, 449).value(), 62192.0, 0.15 * 62192.0);
  EXPECT_NEAR(model.tokens_per_second(449.0), 62192.0, 0.15 * 62192.0);
}

TEST(EncoderStepTime, GrowsWithTextsAndTheirLengthAndFallsWithTheCard) {
  const EncoderStepTime slow(shape_of("bge-m3"), card_of("rtx-3060"));
  const EncoderStepTime fast(shape_of("bge-m3"), card_of("rtx-4090"));
  EXPECT_LT(time_of(slow, 1, 400), time_of(slow, 8, 400));
  EXPECT_LT(time_of(slow, 8, 400), time_of(slow, 1, 3200));  // who attends to more
  EXPECT_LT(time_of(fast, 8, 400), time_of(slow, 8, 400));
}

TEST(EncoderStepTime, ASmallBatchReadsAllOfTheWeights) {
  const AcceleratorSpec card = card_of("rtx-3090");
  const ModelShape shape = shape_of("qwen3-embedding-8b");
  const EncoderStepTime model(shape, card);
  EXPECT_GT(time_of(model, 1, 1).value(), 1.5 * shape.num_parameters / card.memory_bandwidth.value());
}

TEST(EncoderMemory, HoldsWeightsAndABatch) {
  const AcceleratorSpec card = card_of("rtx-3090");
  const ModelShape shape = shape_of("bge-m3");
  EXPECT_GT(encoder_memory(shape, card, 1.0).value(), 2.0 * shape.num_parameters);
  EXPECT_GT(encoder_memory(shape, card, 16384.0), encoder_memory(shape, card, 1024.0));
}

}  // namespace
}  // namespace labtwin::serving
