#include "sim/service/trace_replay.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "models/serving/llama_scheduler.hpp"
#include "models/serving/vllm_scheduler.hpp"
#include "sim/service/chat.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using workload::GapFrom;
using workload::TraceRequest;

/// Answers after a time of its own for each request, and keeps when it was asked.
struct Oracle {
  Oracle(std::vector<TraceRequest> requests, std::vector<Seconds> takes, double speed = 1.0)
      : trace(std::make_shared<workload::Trace>(workload::Trace{.format = "", .requests = std::move(requests)})),
        answering(std::move(takes)),
        replay(engine, trace, speed, [this](std::uint64_t number, const TraceRequest& /*request*/) { return answer(number); }) {
  }
  ~Oracle() { engine.end_processes(); }

  Task<> answer(std::uint64_t number) {
    asked[number] = engine.now().value();
    co_await engine.hold(answering.at(number));
  }
  void run() {
    engine.spawn("trace", replay.begin_at(std::make_unique<workload::TraceArrivals>(replay.starts(), 1.0)));
    engine.run();
  }

  Engine engine;
  std::shared_ptr<const workload::Trace> trace;
  std::vector<Seconds> answering;
  std::map<std::uint64_t, double> asked;
  TraceReplay replay;
};

using Asked = std::map<std::uint64_t, double>;

TEST(TraceReplay, AsksTheNextStepWhenTheAnswerIsThereAndTheGapHasPassed) {
  Oracle oracle({{.at = 1_s}, {.after = {0}, .gap = 5_s}}, {10_s, 1_s});
  oracle.run();
  EXPECT_EQ(oracle.asked, (Asked{{0, 1.0}, {1, 16.0}}));
}

TEST(TraceReplay, CountsAGapFromTheRequestWhereTheTraceTellsNoAnswers) {
  Oracle oracle({{}, {.after = {0}, .gap = 5_s, .gap_from = GapFrom::Request}}, {2_s, 1_s});
  oracle.run();
  EXPECT_EQ(oracle.asked, (Asked{{0, 0.0}, {1, 5.0}}));
}

TEST(TraceReplay, GoesOnFromNoAnswerThatIsNotThere) {
  Oracle oracle({{}, {.after = {0}, .gap = 5_s, .gap_from = GapFrom::Request}}, {8_s, 1_s});
  oracle.run();
  EXPECT_EQ(oracle.asked, (Asked{{0, 0.0}, {1, 8.0}}));
}

TEST(TraceReplay, WaitsForEveryAgent) {
  Oracle oracle({{}, {.after = {0}}, {.after = {0}, .gap = 1_s}, {.after = {0, 1, 2}, .gap = 2_s}}, {1_s, 10_s, 3_s, 1_s}, 2.0);
  oracle.run();
  EXPECT_EQ(oracle.asked, (Asked{{0, 0.0}, {1, 1.0}, {2, 1.5}, {3, 12.0}}));
}

TEST(TraceReplay, UsersHaveOneSessionAfterTheOther) {
  Oracle oracle({{}, {.after = {0}, .gap = 1_s}, {}, {}}, {2_s, 2_s, 10_s, 1_s});
  oracle.engine.spawn("one", oracle.replay.user());
  oracle.engine.spawn("two", oracle.replay.user());
  oracle.engine.run();
  EXPECT_EQ(oracle.asked, (Asked{{0, 0.0}, {2, 0.0}, {1, 3.0}, {3, 5.0}}));
}

/// Three sessions of agents that share what the trace says, one of them leaving its text half way.
constexpr const char* kConversations =
    R"({"id":"a","block_size":64,"requests":[{"t":0,"in":330,"out":20,"hash_ids":[1,2,3,4,5],"api_time":1,"think_time":0},)"
    R"({"t":3,"in":520,"out":20,"hash_ids":[1,2,3,4,5,6,7,8],"api_time":1,"think_time":2},)"
    R"({"t":9,"in":400,"out":20,"hash_ids":[1,2,3,9,10,11],"api_time":1,"think_time":4}]})"
    "\n"
    R"({"id":"b","block_size":64,"requests":[{"t":0,"in":200,"out":7,"hash_ids":[1,2,3],"api_time":1,"think_time":0},)"
    R"({"t":4,"in":200,"out":7,"hash_ids":[1,2,3],"api_time":1,"think_time":1}]})"
    "\n"
    R"({"id":"c","block_size":64,"requests":[{"t":0,"in":90,"out":3,"hash_ids":[1]}]})";

struct Served {
  explicit Served(std::unique_ptr<serving::InferenceEngine> scheduler)
      : server(engine, card, std::move(scheduler), std::make_unique<serving::testing::SimpleSteps>(),
               {.longest_request = 10000}),
        chat(engine, RandomSource(1, 0), {.owner = 0, .workload = 0, .stages = {}, .traffic = {}, .timeout = 600_s}, server,
             recorder) {}
  ~Served() { engine.end_processes(); }

  void run(const std::string& text, std::uint32_t num_users) {
    std::istringstream input(text);
    trace = std::make_shared<const workload::Trace>(workload::read_trace(input, "sample"));
    replay = std::make_unique<TraceReplay>(engine, trace, 1.0, [this](std::uint64_t number, const TraceRequest& request) {
      return chat.ask_traced(number, request);
    });
    for (std::uint32_t user = 0; user < num_users; ++user) engine.spawn("user", replay->user());
    engine.run();
  }

  Engine engine;
  GpuCard card{engine, 0};
  Recorder recorder{{.warm_up = {}, .keep_requests = true}};
  LlmServer server;
  Chat chat;
  std::shared_ptr<const workload::Trace> trace;
  std::unique_ptr<TraceReplay> replay;
};

std::unique_ptr<serving::InferenceEngine> with_blocks(std::size_t num_blocks) {
  return std::make_unique<serving::VllmScheduler>(serving::VllmSchedulerSettings{
      .num_blocks = num_blocks, .block_tokens = 16, .max_sequences = 8, .max_batched_tokens = 4096});
}

// Blocks of 64 tokens that are there from the step before: five, three, three; of other sessions nothing.
constexpr std::uint64_t kSharedTokens = 64U * (5U + 3U + 3U);

/// Every request, token and shared prefix of the trace is there.
void expect_conserved(const Recorder& recorder) {
  EXPECT_EQ(recorder.outcomes().at(0).ended(Outcome::Completed), 6U);
  EXPECT_EQ(recorder.prompts().at(0).total, 330U + 520U + 400U + 200U + 200U + 90U);
  EXPECT_EQ(recorder.prompts().at(0).prefix_hits, kSharedTokens);
}

TEST(TraceReplay, ConservesRequestsTokensAndPrefixes) {
  Served lab(with_blocks(1000));
  lab.run(kConversations, 1);
  expect_conserved(lab.recorder);
}

TEST(TraceReplay, ConservesThemWithSeveralSessionsAtATime) {
  Served lab(with_blocks(1000));
  lab.run(kConversations, 3);
  expect_conserved(lab.recorder);
}

TEST(TraceReplay, ASlotOfLlamaCppKeepsTheTextsOfItsLastPrompt) {
  Served lab(std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.num_slots = 1, .slot_tokens = 10000}));
  lab.run(kConversations, 1);
  expect_conserved(lab.recorder);
}

TEST(TraceReplay, FindsNoPrefixWhereItsBlocksAreGone) {
  // The longest request takes all of them.
  Served lab(with_blocks(34));
  lab.run(kConversations, 3);
  EXPECT_EQ(lab.recorder.outcomes().at(0).ended(Outcome::Completed), 6U);
  EXPECT_LT(lab.recorder.prompts().at(0).prefix_hits, kSharedTokens);
}

}  // namespace
}  // namespace labtwin::service
