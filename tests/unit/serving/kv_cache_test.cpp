#include "models/serving/kv_cache.hpp"

#include <gtest/gtest.h>

#include "models/registry.hpp"

namespace labtwin::serving {
namespace {

constexpr double kMiB = 1048576.0;

class KvCache : public testing::Test {
 protected:
  [[nodiscard]] double mib(const char* model, double context, std::string_view types, const KvLayout& layout = {}) const {
    const ModelShape shape = load_language_model(catalog_, model).shape;
    return kv_cache_bytes(shape, context, find_kv_types(quants_, types).value(), layout).value() / kMiB;
  }

  catalog::Catalog catalog_;
  QuantTable quants_ = load_quant_table(catalog_);
};

TEST_F(KvCache, GroupedQueriesKeepTwoVectorsPerHead) {
  // 32 layers x 8 heads x 128 x (2 + 2) B x 8192 tokens = 1 GiB.
  EXPECT_DOUBLE_EQ(mib("llama-3-8b", 8192, "f16"), 1024.0);
  EXPECT_DOUBLE_EQ(mib("llama-3-8b", 8192, "q8_0"), 544.0);
  EXPECT_DOUBLE_EQ(mib("llama-3-8b", 8192, "q8_0/q4_0"), 1024.0 * (34.0 + 18.0) / 128.0);
}

TEST_F(KvCache, LatentAttentionKeepsOneVectorPerToken) {
  // As a log of llama.cpp's fork shows it: 61 layers, 32,768 tokens, q8_0.
  EXPECT_NEAR(mib("deepseek-v3", 32768, "q8_0"), 1166.6, 0.1);
  EXPECT_GT(mib("deepseek-v3", 32768, "q8_0", {.absorbs_latent = false}), 60.0 * 1166.6);
}

TEST_F(KvCache, WindowsKeepTheWindowAndAGraph) {
  // gpt-oss: 12 layers with a window of 128: 128 + 512 tokens, rounded up to 768; 12 layers with all 8,192.
  const double cell = 8 * 64 * 2.0 * 2.0 / kMiB;
  EXPECT_DOUBLE_EQ(mib("gpt-oss-20b", 8192, "f16"), 12 * cell * (768 + 8192));
  EXPECT_DOUBLE_EQ(mib("gpt-oss-20b", 8192, "f16", {.keeps_windows_only = false}), 24 * cell * 8192);
}

TEST_F(KvCache, LinearAttentionKeepsAState) {
  const ModelShape shape = load_language_model(catalog_, "qwen3.5-35b-a3b").shape;
  EXPECT_DOUBLE_EQ(mib("qwen3.5-35b-a3b", 32768, "f16"), 640.0);
  // A log of llama.cpp shows 702 MiB for cache and state.
  EXPECT_NEAR(state_bytes(shape).value() / kMiB, 62.0, 1.0);
}

TEST_F(KvCache, BytesPerTokenAreTheSlopeOfALongContext) {
  const ModelShape shape = load_language_model(catalog_, "llama-3-8b").shape;
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(shape, KvTypes{}).value(), 131072.0);
}

TEST_F(KvCache, UnknownTypesAreNone) {
  EXPECT_FALSE(find_kv_types(quants_, "q9_9").has_value());
  EXPECT_DOUBLE_EQ(find_kv_types(quants_, "fp8/e4m3 @ scale=1.0")->value, 1.0);
}

}  // namespace
}  // namespace labtwin::serving
