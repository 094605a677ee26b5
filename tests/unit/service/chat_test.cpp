#include "sim/service/chat.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "models/serving/llama_scheduler.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using serving::testing::SimpleSteps;

struct Lab {
  explicit Lab(ChatTraffic traffic, std::uint32_t context = 10000)
      : server(
            engine, card,
            std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.num_slots = 2, .slot_tokens = context}),
            std::make_unique<SimpleSteps>(), {.longest_request = context}),
        chat(engine, RandomSource(1, 0),
             {.owner = 0, .workload = 0, .stages = {.ttft = 1, .itl = 3, .tpot = 2}, .traffic = traffic, .timeout = 60_s},
             server, recorder) {}
  ~Lab() { engine.end_processes(); }
  Engine engine;
  GpuCard card{engine, 0};
  Recorder recorder{{.warm_up = {}, .keep_requests = true}};
  LlmServer server;
  Chat chat;
};

ChatTraffic three_turns() {
  return {.turns = DistributionOf<double>(Distribution::constant(3.0)),
          .think = DistributionOf<Seconds>(Distribution::constant(5.0)),
          .message_tokens = DistributionOf<double>(Distribution::constant(100.0)),
          .answer_tokens = DistributionOf<double>(Distribution::constant(11.0)),
          .system_tokens = 200};
}

TEST(Chat, ComputesOnlyWhatIsNewInEveryTurn) {
  Lab lab(three_turns());
  lab.engine.spawn("user", lab.chat.user(0), ProcessKind::Server);
  lab.engine.run(25_s);
  const auto& rows = lab.recorder.rows();
  ASSERT_GE(rows.size(), 3U);
  // 300 new tokens, then 100 and the last of the answer before, which was never an input.
  EXPECT_NEAR((rows[0].ended - rows[0].arrived).value(), 0.300 + 0.100, 1e-9);
  EXPECT_NEAR((rows[1].ended - rows[1].arrived).value(), 0.101 + 0.100, 1e-9);
  EXPECT_NEAR((rows[2].ended - rows[2].arrived).value(), 0.101 + 0.100, 1e-9);
  const auto& ttft = lab.recorder.stages().at({0, 1});
  EXPECT_EQ(ttft.count(), rows.size());
  EXPECT_NEAR(lab.recorder.stages().at({0, 2}).mean().value(), 0.010, 1e-9);
  // Ten gaps between the eleven tokens of an answer.
  const auto& itl = lab.recorder.stages().at({0, 3});
  EXPECT_EQ(itl.count(), 10 * rows.size());
  EXPECT_NEAR(itl.quantile(1.0).value(), 0.010, 1e-9);
}

TEST(Chat, ASecondConversationKnowsTheSystemPrompt) {
  Lab lab(three_turns());
  lab.engine.spawn("user", lab.chat.user(0), ProcessKind::Server);
  lab.engine.run(40_s);
  const auto& rows = lab.recorder.rows();
  ASSERT_GE(rows.size(), 4U);
  EXPECT_NEAR((rows[3].ended - rows[3].arrived).value(), 0.100 + 0.100, 1e-9);
}

TEST(Chat, EndsAConversationWhereTheContextEnds) {
  ChatTraffic traffic = three_turns();
  traffic.turns = DistributionOf<double>(Distribution::constant(100.0));
  Lab lab(traffic, 600);
  lab.engine.spawn("user", lab.chat.user(0), ProcessKind::Server);
  lab.engine.run(200_s);
  const OutcomeCounts& counts = lab.recorder.outcomes().at(0);
  EXPECT_GT(counts.ended(Outcome::Completed), 10U);
  EXPECT_EQ(counts.ended(Outcome::Rejected), 0U);
}

TEST(Chat, AsksARequestOfATrace) {
  Lab lab(three_turns());
  const workload::TraceRequest traced{.prompt_tokens = 100, .output_tokens = 11};
  lab.engine.spawn("request", lab.chat.ask_traced(0, traced));
  lab.engine.run();
  const auto& rows = lab.recorder.rows();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_NEAR(rows[0].ended.value(), 0.2, 1e-9);
}

}  // namespace
}  // namespace labtwin::service
