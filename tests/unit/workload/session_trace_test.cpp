// Traces of sessions: who follows whom, after which gap, and what prompts share.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/workload/trace.hpp"
#include "tests/unit/workload/read_sample.hpp"

namespace labtwin::workload {
namespace {

using testing::mistakes;
using testing::read;

using Numbers = std::vector<std::uint32_t>;
using Texts = std::vector<TextRun>;

TEST(SessionTrace, FollowsTheThinkTimesOfWeka) {
  const Trace trace =
      read(R"({"id":"a","block_size":64,"hash_id_scope":"local","requests":[)"
           R"({"t":0,"in":140,"out":9,"hash_ids":[1,2],"api_time":3.0,"think_time":0},)"
           R"({"t":10,"in":260,"out":5,"hash_ids":[1,2,3,4],"api_time":2.0,"think_time":7.0},)"
           R"({"t":20,"in":200,"out":5,"hash_ids":[1,9,10]}]})"
           "\n"
           R"({"id":"b","block_size":64,"hash_id_scope":"local","requests":[{"t":0,"in":64,"out":1,"hash_ids":[1]}]})");
  EXPECT_EQ(trace.format, "weka");
  EXPECT_FALSE(trace.has_clock);
  ASSERT_EQ(trace.requests.size(), 4U);
  EXPECT_TRUE(trace.requests[0].after.empty());
  EXPECT_EQ(trace.requests[1].after, Numbers{0});
  EXPECT_DOUBLE_EQ(trace.requests[1].gap.value(), 7.0);
  EXPECT_EQ(trace.requests[1].gap_from, GapFrom::Answer);
  // It tells no think time: what is left is the time from one request to the next.
  EXPECT_DOUBLE_EQ(trace.requests[2].gap.value(), 10.0);
  EXPECT_EQ(trace.requests[2].gap_from, GapFrom::Request);
  EXPECT_TRUE(trace.requests[3].after.empty());
  // The second prompt goes on from the first, the third leaves it after one block; numbers of other conversations are others.
  EXPECT_EQ(trace.requests[0].texts, (Texts{{.end = 128, .text = 0}}));
  EXPECT_EQ(trace.requests[1].texts, (Texts{{.end = 256, .text = 0}}));
  EXPECT_EQ(trace.requests[2].texts, (Texts{{.end = 64, .text = 0}, {.end = 192, .text = 1}}));
  EXPECT_EQ(trace.requests[3].texts, (Texts{{.end = 64, .text = 2}}));
}

TEST(SessionTrace, WaitsForTheAgentsThatAStepStarted) {
  const std::string inner = R"({"t":0,"in":10,"out":1,"api_time":4,"think_time":0},)"
                            R"({"t":6,"in":20,"out":1,"api_time":3,"think_time":2})";
  const Trace trace = read(R"({"id":"a","block_size":64,"requests":[{"t":0,"in":5,"out":1,"api_time":1,"think_time":0},)"
                           R"({"type":"subagent","t":1,"requests":[)" +
                           inner +
                           R"(]},{"type":"subagent","t":1,"requests":[{"t":0,"in":7,"out":1,"api_time":2}]},)"
                           R"({"t":21,"in":30,"out":1,"api_time":1,"think_time":20}]})");
  ASSERT_EQ(trace.requests.size(), 5U);
  EXPECT_EQ(trace.requests[1].after, Numbers{0});
  EXPECT_EQ(trace.requests[2].after, Numbers{1});
  EXPECT_EQ(trace.requests[3].after, Numbers{0});
  EXPECT_EQ(trace.requests[4].after, (Numbers{0, 2, 3}));
  // Of the pause of 20 s the slower agent took 9.
  EXPECT_DOUBLE_EQ(trace.requests[4].gap.value(), 11.0);
}

TEST(SessionTrace, FindsTheSameSessionsInTheFlattenedTable) {
  const Trace trace = read(
      "trace_id,agent,depth,step,t_s,type,input_tokens,output_tokens,blocks_of_64_tokens,"
      "prefix_blocks_already_seen_in_this_conversation,api_time_s,think_time_s\n"
      "a,main,0,0,0.0,n,140,9,2,0,3.0,0.0\n"
      "a,main/agent_001,1,0,0.0,n,70,1,1,0,5.0,0.0\n"
      "a,main,0,1,10.0,n,260,5,4,2,2.0,7.0\n"
      "a,main,0,2,20.0,n,200,5,3,1,,\n"
      "b,main,0,0,0.0,n,64,1,1,0,1.0,0.0\n");
  EXPECT_EQ(trace.format, "agentic");
  EXPECT_FALSE(trace.has_clock);
  EXPECT_EQ(trace.requests[1].after, Numbers{0});
  EXPECT_EQ(trace.requests[2].after, (Numbers{0, 1}));
  EXPECT_DOUBLE_EQ(trace.requests[2].gap.value(), 2.0);
  EXPECT_EQ(trace.requests[3].gap_from, GapFrom::Request);
  EXPECT_TRUE(trace.requests[4].after.empty());
  EXPECT_EQ(trace.requests[0].texts, (Texts{{.end = 128, .text = 0}}));
  EXPECT_EQ(trace.requests[1].texts, (Texts{{.end = 64, .text = 1}}));
  EXPECT_EQ(trace.requests[2].texts, (Texts{{.end = 256, .text = 0}}));
  EXPECT_EQ(trace.requests[3].texts, (Texts{{.end = 64, .text = 0}, {.end = 192, .text = 2}}));
}

TEST(SessionTrace, ReadsCharactersOfAgentsAsTokens) {
  const Trace trace = read(
      "agent_family,session_id,step,timestamp_s,input_chars,output_chars,shared_prefix_chars_with_previous_step\n"
      "swe,a,0,1760995773.5,4000,800,0\n"
      "swe,b,0,1760995770.5,400,80,0\n"
      "swe,a,1,1760995776.5,6000,400,4000\n"
      "swe,a,2,1760995776.0,5000,400,\n");
  EXPECT_EQ(trace.format, "chars");
  EXPECT_TRUE(trace.has_clock);
  EXPECT_DOUBLE_EQ(trace.requests[0].prompt_tokens, 1000.0);
  EXPECT_NEAR(trace.requests[0].at.value(), 3.0, 1e-6);
  EXPECT_TRUE(trace.requests[1].after.empty());
  EXPECT_EQ(trace.requests[2].after, Numbers{0});
  EXPECT_NEAR(trace.requests[2].gap.value(), 3.0, 1e-6);
  EXPECT_EQ(trace.requests[2].gap_from, GapFrom::Request);
  // Logged before the step that it follows.
  EXPECT_DOUBLE_EQ(trace.requests[3].gap.value(), 0.0);
  // 1,000 tokens are shared; the answer to the first, up to 1,200, is not.
  EXPECT_EQ(trace.requests[0].texts, (Texts{{.end = 1200, .text = 0}}));
  EXPECT_EQ(trace.requests[2].texts, (Texts{{.end = 1000, .text = 0}, {.end = 1600, .text = 2}}));
  EXPECT_EQ(trace.requests[3].texts, (Texts{{.end = 1350, .text = 3}}));
}

std::string round(const std::string& session, int total, int prefix, int output, const std::string& asked,
                  const std::string& answered) {
  const std::string day = "2026-06-01T05:40:";
  return R"({"session_id":")" + session + R"(","input_tokens_total":)" + std::to_string(total) + R"(,"prefix_tokens":)" +
         std::to_string(prefix) + R"(,"newly_append_tokens":)" + std::to_string(total - prefix) + R"(,"output_tokens":)" +
         std::to_string(output) + R"(,"timing_events":[{"event_type":"user_message","timestamp":")" + day + asked +
         R"(Z"},{"event_type":"text","timestamp":")" + day + answered + R"(Z"},{"event_type":"usage_report","timestamp":")" +
         day + "59.9Z\"}]}\n";
}

TEST(SessionTrace, CountsTheGapsBetweenRoundsOfTraceLab) {
  const Trace trace = read(round("a", 1000, 600, 50, "10.0", "14.5") + round("b", 100, 0, 5, "12.0", "13.0") +
                           round("a", 1500, 998, 20, "16.0", "18.0") + round("a", 1505, 1510, 5, "20.0", "22.0"));
  EXPECT_EQ(trace.format, "tracelab");
  EXPECT_DOUBLE_EQ(trace.requests[1].at.value(), 2.0);
  EXPECT_TRUE(trace.requests[1].after.empty());
  EXPECT_EQ(trace.requests[2].after, Numbers{0});
  EXPECT_DOUBLE_EQ(trace.requests[2].gap.value(), 1.5);
  EXPECT_EQ(trace.requests[2].gap_from, GapFrom::Answer);
  // Nothing is known of what the first prompt of a session shares; the third one goes into the answer before.
  EXPECT_EQ(trace.requests[0].texts, (Texts{{.end = 1050, .text = 0}}));
  EXPECT_EQ(trace.requests[2].texts, (Texts{{.end = 998, .text = 0}, {.end = 1520, .text = 2}}));
  EXPECT_EQ(trace.requests[3].texts, (Texts{{.end = 998, .text = 0}, {.end = 1510, .text = 2}}));
}

TEST(SessionTrace, ReadsLengthsWithoutTimes) {
  const Trace trace = read("num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio\n3772,54,3826,69.8\n10,1,11,10\n");
  EXPECT_EQ(trace.format, "lengths");
  EXPECT_FALSE(trace.has_clock);
  EXPECT_EQ(trace.requests[0].prompt_tokens, 3772.0);
}

TEST(SessionTrace, NamesEveryWrongLine) {
  EXPECT_EQ(mistakes(R"({"id":"a","block_size":64,"requests":[]})"
                     "\n"
                     R"({"id":"b","block_size":64,"requests":[{"in":1,"out":1}]})"
                     "\n"
                     R"({"id":"c","block_size":64,"requests":[{"t":0,"in":-1,"out":1}]})"
                     "\n"
                     R"({"id":"d","block_size":0,"requests":[]})"
                     "\n"
                     R"({"id":"e","block_size":64,"requests":[{"t":0,"in":1,"out":1,"hash_ids":["x"]}]})"
                     "\n{\"id\": 7}\n{broken\n"),
            "sample:2:1: t: must be a time in seconds\n"
            "sample:3:1: in = -1: must be a number of tokens >= 0\n"
            "sample:4:1: block_size: must be at least one token\n"
            "sample:5:1: hash_ids = \"x\": must be whole numbers below 2^32\n"
            "sample:6:1: id: must name the conversation\n"
            "sample:7:1: must be a JSON object");
  EXPECT_EQ(mistakes(round("a", 100, 0, 5, "12.0", "13.0") +
                     R"({"session_id":"a","input_tokens_total":1,"prefix_tokens":0,"output_tokens":1})"),
            "sample:2:1: timing_events: must tell when the round was asked for and answered");
}

}  // namespace
}  // namespace labtwin::workload
