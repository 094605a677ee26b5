#include "models/serving/vram_plan.hpp"

#include <gtest/gtest.h>

#include "models/registry.hpp"
#include "models/serving/llama_memory.hpp"
#include "models/serving/model_weights.hpp"
#include "models/serving/vllm_memory.hpp"

namespace labtwin::serving {
namespace {

constexpr double kMiB = 1048576.0;

class VramPlans : public testing::Test {
 protected:
  [[nodiscard]] VramRequest request(const char* model, const char* quant, const char* card) const {
    return {.shape = load_language_model(catalog_, model).shape,
            .quant = Quantisation::parse(quants_, quant),
            .card = load_accelerator(catalog_, card).spec};
  }

  catalog::Catalog catalog_;
  QuantTable quants_ = load_quant_table(catalog_);
};

// Compute buffers that llama.cpp and a fork of it logged.
TEST_F(VramPlans, ComputeBuffersAreThoseOfTheLogs) {
  LlamaBuild build = LlamaBuild::Fork;
  const auto buffer = [&](const char* model, double ubatch, GraphPart part, double context) {
    const ModelShape shape = load_language_model(catalog_, model).shape;
    return llama_compute_buffer(shape, {.context = context, .ubatch = ubatch, .build = build}, part).value() / kMiB;
  };
  EXPECT_NEAR(buffer("qwen3-235b-a22b", 512, GraphPart::WithHead, 32768), 312.75, 0.01);
  EXPECT_NEAR(buffer("qwen3-235b-a22b", 4096, GraphPart::WithHead, 32768), 2502.0, 0.01);
  EXPECT_NEAR(buffer("llama-3.1-8b", 512, GraphPart::WithHead, 8192), 266.5, 0.01);
  EXPECT_NEAR(buffer("deepseek-r1", 4096, GraphPart::HostInput, 61440), 1072.0, 0.1);
  EXPECT_NEAR(buffer("gemma-3-27b", 512, GraphPart::HostInput, 32768), 138.5, 0.1);  // two masks
  build = LlamaBuild::Mainline;
  EXPECT_NEAR(buffer("gemma-3-27b", 512, GraphPart::HostInput, 32768), 64.0 + 3.0 + 10.5, 0.01);
  EXPECT_NEAR(buffer("qwen3-235b-a22b", 512, GraphPart::WithHead, 32768), 304.75, 0.01);
}

TEST_F(VramPlans, VllmHasTheBlocksThatItLogged) {
  // vLLM 0.19 on an RTX 4090 with Llama-3.1-8B in BF16 started with 2,588 blocks of 16 tokens.
  const VramRequest asked = request("llama-3.1-8b", "bf16", "rtx-4090");
  const VllmMemory memory = vllm_memory(asked.shape, model_weights(asked.shape, asked.quant), asked.card, {});
  EXPECT_NEAR(memory.kv_blocks, 2588.0, 0.02 * 2588.0);
  EXPECT_DOUBLE_EQ(memory.kv_tokens, 16.0 * memory.kv_blocks);
}

TEST_F(VramPlans, MoreContextNeverTakesLess) {
  for (const char* model : {"llama-3.1-8b", "gemma-3-27b", "deepseek-v3", "qwen3.5-27b", "gpt-oss-20b"}) {
    VramRequest asked = request(model, "q4_k_m", "rtx-3090");
    Bytes before;
    for (double context = 256.0; context <= 65536.0; context *= 2.0) {
      asked.context = context;
      const Bytes total = plan_vram(asked).total();
      EXPECT_GE(total, before) << model << " " << context;
      before = total;
    }
  }
}

TEST_F(VramPlans, TheLargestContextIsTheEdge) {
  VramRequest asked = request("llama-3.1-8b", "q8_0", "rtx-3060");
  const auto largest = largest_context(asked);
  ASSERT_TRUE(largest.has_value());
  asked.context = *largest;
  EXPECT_TRUE(plan_vram(asked).loads());
  asked.context = *largest + 256.0;
  EXPECT_FALSE(plan_vram(asked).loads());
}

TEST_F(VramPlans, EveryChangeThatIsNamedLoads) {
  VramRequest asked = request("llama-3.1-70b", "q4_k_m", "rtx-3090");
  asked.context = 8192.0;
  EXPECT_FALSE(plan_vram(asked).loads());
  const auto changes = changes_that_load(asked, quants_);
  EXPECT_FALSE(changes.empty());
  for (const VramChange& change : changes) EXPECT_TRUE(change.plan.loads()) << change.what;
}

TEST_F(VramPlans, KnownPairsLoadOrFail) {
  EXPECT_TRUE(plan_vram(request("llama-3-8b", "f16", "rtx-3090")).loads());
  EXPECT_FALSE(plan_vram(request("llama-3-8b", "f16", "rtx-3080-12gb")).loads());
  EXPECT_TRUE(plan_vram(request("llama-3-8b", "q4_k_m", "rtx-3070")).loads());
  EXPECT_FALSE(plan_vram(request("llama-3-70b", "q4_k_m", "rtx-4090")).loads());
}

}  // namespace
}  // namespace labtwin::serving
