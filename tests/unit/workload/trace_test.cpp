#include "models/workload/trace.hpp"
#include "tests/unit/workload/read_sample.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace labtwin::workload {
namespace {

using testing::mistakes;
using testing::read;

TEST(Trace, ReadsTimesOfDayAndCountsFromTheFirstRequest) {
  const Trace trace = read(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n"
      "2023-11-30 23:59:59.5000000,4808,10\n"
      "2023-12-01 00:00:01.2500000,3180,8\n");
  EXPECT_EQ(trace.format, "azure");
  ASSERT_EQ(trace.requests.size(), 2u);
  EXPECT_NEAR(trace.requests[1].at.value(), 1.75, 1e-6);
  EXPECT_EQ(trace.requests[0].prompt_tokens, 4808.0);
  EXPECT_EQ(trace.requests[1].output_tokens, 8.0);
}

TEST(Trace, ReadsTimeZonesOfTheLaterFiles) {
  const Trace trace = read(
      "TIMESTAMP,ContextTokens,GeneratedTokens\n"
      "2024-05-10 00:00:00.009930+00:00,2162,5\n"
      "2024-05-10 00:00:01+00:00,2399,6\n");
  EXPECT_NEAR(trace.requests[1].at.value(), 0.99007, 1e-6);
}

TEST(Trace, ReadsMillisecondsOfMooncake) {
  const Trace trace = read(
      "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 1]}\n"
      "{\"timestamp\": 3000, \"input_length\": 12, \"output_length\": 3, \"hash_ids\": [0]}\n");
  EXPECT_EQ(trace.format, "mooncake");
  EXPECT_DOUBLE_EQ(trace.requests[1].at.value(), 3.0);
  EXPECT_EQ(trace.requests[1].session, 0U);
  // Blocks that follow one another are one text, and a last block ends with its prompt.
  EXPECT_EQ(trace.requests[0].texts, (std::vector<TextRun>{{.end = 1024, .text = 0}}));
  EXPECT_EQ(trace.requests[1].texts, (std::vector<TextRun>{{.end = 12, .text = 0}}));
  EXPECT_EQ(mistakes("{\"timestamp\": 0, \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [-1]}\n"),
            "sample:1:1: hash_ids = -1: must be whole numbers below 2^32");
}

TEST(Trace, ReadsAResultOfVllmBenchServe) {
  const Trace trace = read(
      "{\"num_prompts\": 3, \"request_rate\": \"inf\", \"max_concurrency\": 2, \"input_lens\": [100, 50, 70], "
      "\"output_lens\": [10, 0, 20], \"start_times\": [1000.5, 1000.5, 1002.0]}");
  EXPECT_EQ(trace.format, "vllm");
  // The second one failed.
  ASSERT_EQ(trace.requests.size(), 2U);
  EXPECT_DOUBLE_EQ(trace.requests[1].at.value(), 1.5);
  EXPECT_DOUBLE_EQ(trace.requests[1].prompt_tokens, 70.0);
  EXPECT_DOUBLE_EQ(trace.requests[1].output_tokens, 20.0);
}

std::string result_of_two_hundred(const std::string& more) {
  std::string lengths;
  for (int i = 0; i < 200; ++i) lengths += i == 0 ? "5" : ", 5";
  return "{\n\"num_prompts\": 200,\n\"input_lens\": [" + lengths + "],\n\"output_lens\": [" + lengths + "],\n" + more + "}\n";
}

TEST(Trace, HasTheRateOfAResultThatKeepsNoTimes) {
  const Trace at_rate = read(result_of_two_hundred("\"request_rate\": 4.0, \"burstiness\": 1.0, \"max_concurrency\": null"));
  // The mean of 199 exponential gaps of 0.25 s, within three standard deviations.
  EXPECT_NEAR(at_rate.requests.back().at.value() / 199.0, 0.25, 3.0 * 0.25 / std::sqrt(199.0));
  const Trace at_once = read(result_of_two_hundred("\"request_rate\": \"inf\""));
  EXPECT_EQ(at_once.requests.back().at.value(), 0.0);
}

TEST(Trace, SaysWhatAResultLacks) {
  EXPECT_NE(mistakes(result_of_two_hundred("\"request_rate\": \"inf\", \"max_concurrency\": 8")).find("start_times"),
            std::string::npos);
  EXPECT_NE(mistakes("{\"num_prompts\": 3, \"request_rate\": 1.0, \"completed\": 3}").find("--save-detailed"),
            std::string::npos);
  const std::string whole = result_of_two_hundred("\"request_rate\": 4.0");
  EXPECT_NE(mistakes(whole.substr(0, whole.size() / 2)).find("cut off"), std::string::npos);
}

TEST(Trace, ReadsSessionsAndPassagesOfRagPulse) {
  const Trace trace = read(
      "{\"timestamp\": \"82\", \"input_length\": 3112, \"output_length\": 192, \"hash_ids\": {\"passages_ids\": [7, 8, 9]}, "
      "\"session_id\": \"s-1\"}\n"
      "{\"timestamp\": \"93\", \"input_length\": 10, \"output_length\": 1, \"hash_ids\": {\"passages_ids\": []}, "
      "\"session_id\": \"s-2\"}\n");
  EXPECT_EQ(trace.format, "ragpulse");
  EXPECT_DOUBLE_EQ(trace.requests[1].at.value(), 11.0);
  EXPECT_EQ(trace.requests[0].num_passages, 3u);
  EXPECT_EQ(trace.requests[1].session, 2U);
}

TEST(Trace, NamesEveryWrongLine) {
  EXPECT_EQ(mistakes("arrived_at,num_prefill_tokens,num_decode_tokens\n0.0,4808,10\nsoon,1,2\n0.1,-4,2\n0.2,1\n"),
            "sample:3:1: arrived_at = soon: must be a time\n"
            "sample:4:1: num_prefill_tokens = -4: must be a number >= 0\n"
            "sample:5:1: must have as many cells as the header");
}

TEST(Trace, RefusesAnEmptyOrForeignFile) {
  EXPECT_NE(mistakes("").find("must be a request trace"), std::string::npos);
  EXPECT_NE(mistakes("{\"passage_id\": 0, \"token_length\": 84}\n").find("must be a request trace"), std::string::npos);
  EXPECT_NE(mistakes("category,model,client_chunk,window_start_s\n").find("process = \"servegen\""), std::string::npos);
  EXPECT_NE(mistakes("a,b\n1,2\n").find("must be a request trace"), std::string::npos);
  EXPECT_NE(mistakes("\xFD"
                     "7zXZ\n")
                .find("unpack it first"),
            std::string::npos);
  EXPECT_NE(mistakes("{\"timestamp\": 1}\n{broken\n").find("sample:2:1: must be a JSON object"), std::string::npos);
}

}  // namespace
}  // namespace labtwin::workload
