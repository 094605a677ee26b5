#include "models/serving/quantisation.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"
#include "models/registry.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {
namespace {

class Quants : public testing::Test {
 protected:
  /// Bits per parameter of a file.
  [[nodiscard]] double bits(const std::string& model, std::string_view quant) const {
    const ModelShape shape = load_language_model(catalog_, model).shape;
    return model_weights(shape, Quantisation::parse(table_, quant)).in_file().value() * 8.0 / shape.num_parameters;
  }

  catalog::Catalog catalog_;
  QuantTable table_ = load_quant_table(catalog_);
};

struct MixCase {
  const char* model;
  const char* quant;
  double bits;
};

// Sizes of published files: llama.cpp tools/quantize/README.md (Llama 3.1 8B) and the table of the k-quants (Llama 2).
TEST_F(Quants, FilesOfMixesHaveTheirPublishedSize) {
  const std::vector<MixCase> cases = {
      {"llama-3.1-8b", "q2_k", 3.1593},   {"llama-3.1-8b", "q3_k_s", 3.6429},  {"llama-3.1-8b", "q3_k_l", 4.2979},
      {"llama-3.1-8b", "q4_k_s", 4.6672}, {"llama-3.1-8b", "q4_k_m", 4.8944},  {"llama-3.1-8b", "q5_k_s", 5.5704},
      {"llama-3.1-8b", "q5_k_m", 5.7036}, {"llama-3.1-8b", "q6_k", 6.5633},    {"llama-3.1-8b", "q8_0", 8.5008},
      {"llama-3.1-8b", "f16", 16.0005},   {"llama-3.1-8b", "iq4_xs", 4.4597},  {"llama-3.1-8b", "iq3_m", 3.7628},
      {"llama-3.1-8b", "iq2_m", 2.9294},  {"llama-3.1-8b", "iq2_xxs", 2.3824}, {"llama-3-8b", "q4_0", 4.642},
      {"llama-2-7b", "q4_k_m", 4.84},     {"llama-2-13b", "q5_k_m", 5.67},     {"llama-2-70b", "q3_k_m", 3.85},
      {"llama-3.1-70b", "q4_k_m", 4.887}, {"llama-3.1-405b", "q4_k_m", 4.91}};
  for (const MixCase& known : cases) {
    EXPECT_NEAR(bits(known.model, known.quant) / known.bits, 1.0, 0.025) << known.model << " " << known.quant;
  }
}

// Sizes of published files in GiB: what was published in MXFP4 stays so, whatever the file is called.
TEST_F(Quants, ExpertsPublishedInMxfp4KeepIt) {
  const auto size = [&](const char* model, const char* quant) {
    const ModelShape shape = load_language_model(catalog_, model).shape;
    return model_weights(shape, Quantisation::parse(table_, quant)).in_file().value() / 1073741824.0;
  };
  EXPECT_NEAR(size("gpt-oss-20b", "f16") / 12.833, 1.0, 0.01);
  EXPECT_NEAR(size("gpt-oss-120b", "f16") / 60.868, 1.0, 0.01);
  EXPECT_NEAR(size("gpt-oss-20b", "mxfp4") / 11.27, 1.0, 0.01);
  EXPECT_NEAR(size("gpt-oss-120b", "mxfp4") / 59.02, 1.0, 0.01);
  EXPECT_LT(size("gpt-oss-120b", "q4_k_m"), 60.0);
}

TEST_F(Quants, NamesAreUnderstoodAsPeopleWriteThem) {
  const TensorPlace middle{.role = TensorRole::FeedForwardUp, .layer = 10, .num_layers = 32};
  const std::vector<std::pair<const char*, double>> cases = {
      {"Q4_K_M", 4.5},    {"UD-Q4_K_XL", 4.5},    {"Q4_K - Medium", 4.5}, {"IQ4_K_R4 - 4.5 bpw", 4.5},
      {"gguf-q8_0", 8.5}, {"exl3-6.0bpw-mcg", 6}, {"awq-int4", 4.1562},   {"FP8 dynamic", 8.0},
      {"bf16", 16.0},     {"MLX-4bit", 4.5}};
  for (const auto& [text, expected] : cases) EXPECT_DOUBLE_EQ(Quantisation::parse(table_, text).bits(middle), expected) << text;
}

TEST_F(Quants, AnUnknownNameGetsTheNearest) {
  try {
    static_cast<void>(Quantisation::parse(table_, "q4_k_n"));
    FAIL() << "q4_k_n is no quantisation";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "quant = \"q4_k_n\": is no known quantisation (did you mean \"q4_k_m\"?)");
  }
}

TEST_F(Quants, RowsThatAreNoMultipleOf256GetSmallBlocks) {
  EXPECT_EQ(gguf_tensor_type("q4_k_m", {.role = TensorRole::FeedForwardUp, .layer = 5, .num_layers = 24, .row = 2880}), "q5_0");
  EXPECT_EQ(gguf_tensor_type("q4_k_m", {.role = TensorRole::Output, .row = 2880}), "q8_0");
}

}  // namespace
}  // namespace labtwin::serving
