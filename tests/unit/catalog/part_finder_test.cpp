#include "models/catalog/part_finder.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"

namespace labtwin::catalog {
namespace {

struct NameCase {
  const char* name;
  const char* part;
};

void expect_parts(const char* family, const std::vector<NameCase>& cases) {
  const PartFinder finder(Catalog(), family);
  for (const auto& [name, part] : cases) {
    const auto found = finder.find(name);
    EXPECT_EQ(found ? found->part : "nothing", part) << name;
  }
}

TEST(PartFinder, KnowsCardsUnderManyNames) {
  expect_parts("gpus", {{"RTX 3090", "rtx-3090"},
                        {"NVIDIA GeForce RTX 3090 24GB", "rtx-3090"},
                        {"RTX 3090 Ti", "rtx-3090-ti"},
                        {"3090 24GB", "rtx-3090"},
                        {"NVIDIA GeForce RTX4070 Ti SUPER", "rtx-4070-ti-super"},
                        {"RTX 4070 Laptop", "rtx-4070-laptop"},
                        {"RTX 4060 Ti 16GB", "rtx-4060-ti-16gb"},
                        {"RTX 4090D", "rtx-4090-d"},
                        {"RTX 6000 Ada Generation", "rtx-6000-ada"},
                        {"RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000-blackwell-workstation"},
                        {"RTX PRO 6000", "rtx-pro-6000-blackwell-workstation"},
                        {"Ryzen AI Max+ 395 (8060S)", "ryzen-ai-max-395"},
                        {"Radeon 8060S (Strix Halo)", "ryzen-ai-max-395"},
                        {"DGX Spark (GB10)", "dgx-spark"},
                        {"M3 Max 40c", "apple-m3-max"},
                        {"M3 Max 30c", "apple-m3-max-30c"},
                        {"Apple M2 Ultra", "apple-m2-ultra"},
                        {"RX 7900 XTX", "rx-7900-xtx"},
                        {"RX 7900 XT", "rx-7900-xt"},
                        {"MI50", "mi50-32gb"},
                        {"Tesla P40", "p40"},
                        {"A100 PCIe 80GB", "a100-pcie-80gb"},
                        {"H100 80GB", "h100-pcie"},
                        {"Arc A770", "arc-a770"}});
}

TEST(PartFinder, KnowsModelsUnderManyNames) {
  expect_parts("llms", {{"Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", "llama-3.1-8b"},
                        {"llama 8B Q4_0", "llama-3.1-8b"},
                        {"llama3:70b Q4_0", "llama-3-70b"},
                        {"Llama-3-8B", "llama-3-8b"},
                        {"Qwen3.6-27B-FP8", "qwen3.5-27b"},
                        {"Qwen3-30B-A3B", "qwen3-30b-a3b"},
                        {"qwen3moe 235B.A22B", "qwen3-235b-a22b"},
                        {"Qwen2.5-Coder-14B", "qwen2.5-coder-14b"},
                        {"unsloth_DeepSeek R1 BF16", "deepseek-r1"},
                        {"Deepseek-R1:8b", "deepseek-r1-distill-llama-8b"},
                        {"Gemma 3 27b It Qat", "gemma-3-27b"},
                        {"gpt-oss 120B", "gpt-oss-120b"},
                        {"Kimi-K2-Instruct", "kimi-k2"},
                        {"Llama 3.3 70B", "llama-3.3-70b-instruct"}});
}

TEST(PartFinder, TellsANearestFromTheSame) {
  const PartFinder cards(Catalog(), "gpus");
  EXPECT_TRUE(cards.find("RTX 3070 Ti Laptop")->exact);
  EXPECT_FALSE(cards.find("RTX 3060 Ti Laptop")->exact);
  EXPECT_FALSE(cards.find("RTX 1234").has_value());
}

TEST(PartFinder, ANameWithoutMemoryMeansOneOfThoseThatDifferInIt) {
  const PartFinder cards(Catalog(), "gpus");
  EXPECT_EQ(cards.part("RTX 3080"), "rtx-3080-10gb");
  EXPECT_EQ(cards.part("RTX 3080 12GB"), "rtx-3080-12gb");
  EXPECT_EQ(cards.part("RTX 4060 Ti").substr(0, 11), "rtx-4060-ti");
  EXPECT_EQ(cards.part("NVIDIA GeForce RTX 3080 Laptop"), "rtx-3080-laptop");
}

TEST(PartFinder, AnUnknownNameGetsAHint) {
  const PartFinder cards(Catalog(), "gpus");
  EXPECT_EQ(cards.part("rtx 3090"), "rtx-3090");
  EXPECT_EQ(cards.hint("strix"), "did you mean \"ryzen-ai-max-395\"?");
  EXPECT_EQ(cards.hint("NVIDIA GeForce RTX 3090"), "did you mean \"rtx-3090\"?");
  EXPECT_EQ(cards.hint("no such thing"), "");
  try {
    static_cast<void>(cards.part("rtx-3091"));
    FAIL() << "there is no such card";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "rtx-3091: is not in the catalog, see labtwin parts gpus (did you mean \"rtx-3090\"?)");
  }
}

}  // namespace
}  // namespace labtwin::catalog
