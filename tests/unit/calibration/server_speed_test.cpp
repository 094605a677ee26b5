#include "models/calibration/server_speed.hpp"

#include <gtest/gtest.h>

#include "models/registry.hpp"

namespace labtwin::calibration {
namespace {

class ServerSpeedTest : public ::testing::Test {
 protected:
  ServerSpeed speed(const std::string& card, std::string_view quant, const serving::ServerSettings& settings) {
    const AcceleratorPart part = load_accelerator(catalog_, card);
    const serving::ModelShape shape = load_language_model(catalog_, "llama-3-8b").shape;
    const auto storage = serving::Quantisation::parse(load_quant_table(catalog_), quant);
    return server_speed(
        {.card = part.entry, .place = {shape, storage, part.spec}, .model = "llama-3-8b", .backend = {}, .settings = settings});
  }

 private:
  catalog::Catalog catalog_;
};

TEST_F(ServerSpeedTest, OfAnRtx3090IsWhatItsOwnersMeasure) {
  const serving::LlamaServer server{.ctx_size = 4096};
  // llama.cpp of May 2024, decoding 1024 tokens and a prompt of 1024.
  const ServerSpeed quantised = speed("rtx-3090", "q4_k_m", server);
  EXPECT_NEAR(quantised.decode_tok_s.value, 111.74, 0.25 * 111.74);
  EXPECT_NEAR(quantised.prompt_tok_s.value, 3865.39, 0.3 * 3865.39);
  EXPECT_EQ(quantised.grade, Grade::Fitted);
  EXPECT_NEAR(speed("rtx-3090", "f16", server).decode_tok_s.value, 46.51, 0.15 * 46.51);
  EXPECT_LT(quantised.decode_tok_s.low, 111.74);
  EXPECT_GT(quantised.decode_tok_s.high, 111.74);
}

TEST_F(ServerSpeedTest, KnowsCardsByTheNamesOfTheirRows) {
  const serving::LlamaServer server{.ctx_size = 4096};
  EXPECT_EQ(speed("apple-m4-max", "q4_k_m", server).source, "throughput of llama.cpp on apple-m4-max");
  EXPECT_EQ(speed("rtx-4090", "q4_k_m", server).source, "throughput of llama.cpp on rtx-4090");
  EXPECT_EQ(speed("rtx-4500-ada", "q4_k_m", server).grade, Grade::Assumed);
}

TEST_F(ServerSpeedTest, NeverDecodesFasterThanTheBytesCrossTheBus) {
  const catalog::Catalog catalog;
  const serving::ModelShape shape = load_language_model(catalog, "llama-3-8b").shape;
  const auto quant = serving::Quantisation::parse(load_quant_table(catalog), "f16");
  const Bytes read = serving::model_weights(shape, quant).read_per_token(shape);
  for (const char* card : {"rtx-3090", "rtx-4090", "rtx-5090", "apple-m4-max", "ryzen-ai-max-395"}) {
    const double limit = load_accelerator(catalog, card).spec.memory_bandwidth / read * 1_s;
    EXPECT_LT(speed(card, "f16", serving::LlamaServer{.ctx_size = 4096}).decode_tok_s.value, limit) << card;
    EXPECT_LT(speed(card, "f16", serving::VllmServer{.max_model_len = 4096}).decode_tok_s.value, limit) << card;
  }
}

}  // namespace
}  // namespace labtwin::calibration
