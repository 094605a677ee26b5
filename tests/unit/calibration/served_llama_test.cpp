// Runs of llama-server: what their folders tell, and what tables of its benchmarks say.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>

#include "models/base/error.hpp"
#include "models/base/file.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/calibration/slot_tables.hpp"

namespace labtwin::calibration {
namespace {

namespace fs = std::filesystem;

class ServedLlama : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              fmt::format("served_llama_{}", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    write("requests.csv", "arrival_s,prompt_tokens,output_tokens,first_token_s,last_token_s\n0,100,11,,\n0,100,11,,\n");
    write("meta.json", meta("Q4_K_M"));
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const { write_file_atomically((folder_ / name).string(), text); }

  static std::string meta(const std::string& quantisation, int slots = 2) {
    return fmt::format(R"({{"engine": "llama.cpp", "model": "Llama-3.1-8B-Instruct", "quantisation": "{}",
        "engine_kwargs": {{"parallel": {}, "ctx_size": 4096}}, "hardware": {{"device_name": "NVIDIA GeForce RTX 3090"}}}})",
                       quantisation, slots);
  }

  [[nodiscard]] double predicted(std::string_view quantity) const {
    const MeasurementSet set = read_measurement_set(folder_.string());
    for (const Prediction& prediction : set.kind->evaluate(set.table, {}).predictions) {
      if (prediction.quantity == quantity) return prediction.estimate->value;
    }
    ADD_FAILURE() << "no " << quantity;
    return 0.0;
  }

  [[nodiscard]] std::string message() const {
    try {
      const MeasurementSet set = read_measurement_set(folder_.string());
      static_cast<void>(set.kind->evaluate(set.table, {}));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

/// Lines of llama-batched-bench of a card whose steps follow the law: 4 ms, 1 ms for each further sequence, 10 ns a token of
/// context; passes of 5 ms and 0.1 ms a token.
std::string batched_bench() {
  std::string text;
  for (const int sequences : {1, 2, 4, 8}) {
    for (const int prompt : {256, 1024}) {
      const double step = 4e-3 + 1e-3 * (sequences - 1) + 1e-8 * sequences * (prompt + 16.0);
      const double pass = 5e-3 * std::ceil(sequences * prompt / 512.0) + 1e-4 * sequences * prompt;
      text += fmt::format("{{\"n_ubatch\": 512, \"pp\": {}, \"tg\": 32, \"pl\": {}, \"t_pp\": {:.9f}, \"t_tg\": {:.9f}}}\n",
                          prompt, sequences, pass, 32 * step);
    }
  }
  return text;
}

TEST_F(ServedLlama, RecoversTheLawFromItsTables) {
  write("bench.jsonl", batched_bench());
  const auto fit = fit_slots_beside(folder_, "a card");
  ASSERT_TRUE(fit.has_value());
  EXPECT_NEAR(fit->coefficients.first.value(), 4e-3, 1e-6);
  EXPECT_NEAR(fit->coefficients.more.value(), 1e-3, 1e-6);
  EXPECT_NEAR(fit->coefficients.context.value(), 1e-8, 1e-10);
  EXPECT_NEAR(fit->coefficients.pass.value(), 5e-3, 1e-5);
  EXPECT_NEAR(fit->coefficients.prompt_token.value(), 1e-4, 1e-7);
  EXPECT_FALSE(fit->coefficients.has_tiles);
  EXPECT_EQ(fit->summary.num_rows, 16U);
}

TEST_F(ServedLlama, ReplaysSlotsWithTheirSamplers) {
  write("bench.jsonl", batched_bench());
  // Both prompts share a pass; then two sequences take ten steps, each of which samples twice over 128 256 words.
  const double sampled = 128256 * 6e-9;
  EXPECT_NEAR(predicted("tpot_s_mean"), 5e-3 + 1e-8 * 211.0 + 0.5e-3 + 2 * sampled, 2e-5);
  EXPECT_NEAR(predicted("ttft_s_mean"), 5e-3 + 1e-4 * 200 + 0.5e-3 + 2 * sampled + 2 * 10e-3, 2e-4);
}

TEST_F(ServedLlama, WaitsWhereThereAreMoreRequestsThanSlots) {
  write("bench.jsonl", batched_bench());
  const double both = predicted("ttft_s_p99");
  write("meta.json", meta("Q4_K_M", 1));
  EXPECT_GT(predicted("ttft_s_p99"), 1.5 * both);
}

TEST_F(ServedLlama, FollowsTheThroughputLawWithoutTables) {
  const double tpot = predicted("tpot_s_mean");
  EXPECT_GT(tpot, 4.9e9 / 936e9);  // the weights over the bandwidth of the card
  EXPECT_LT(tpot, 4.0 * 4.9e9 / 936e9);
}

TEST_F(ServedLlama, SaysWhatIsWrong) {
  write("bench.jsonl", "{\"pp\": 128}\n");
  EXPECT_NE(message().find("neither of llama-batched-bench nor of llama-bench"), std::string::npos) << message();
  write("bench.jsonl", "{\"n_prompt\": 512, \"n_gen\": 0, \"avg_ts\": 3000}\n");
  EXPECT_NE(message().find("hold too little"), std::string::npos) << message();
  fs::remove(folder_ / "bench.jsonl");
  write("meta.json", meta("Q9_Z"));
  EXPECT_NE(message().find("quantisation"), std::string::npos) << message();
  write("meta.json", meta("Q4_K_M", 5000));
  EXPECT_NE(message().find("parallel"), std::string::npos) << message();
  write("meta.json", R"({"engine": "tgi", "model": "x"})");
  EXPECT_NE(message().find("vllm, llama.cpp"), std::string::npos) << message();
}

}  // namespace
}  // namespace labtwin::calibration
