#include "sim/service/llm_server.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "models/serving/llama_scheduler.hpp"
#include "sim/engine/engine.hpp"
#include "tests/unit/service/ask.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using serving::testing::SimpleSteps;
using testing::Answer;
using testing::ask;

constexpr OwnerId kFirst = 0;
constexpr OwnerId kSecond = 1;

/// A server of llama.cpp with so many slots, alone on a card.
struct Lab {
  explicit Lab(std::uint32_t num_slots, LlmServerOptions options = {.longest_request = 1000})
      : server(engine, card,
               std::make_unique<serving::LlamaScheduler>(
                   serving::LlamaSchedulerSettings{.num_slots = num_slots, .slot_tokens = 1000}),
               std::make_unique<SimpleSteps>(), options) {}
  ~Lab() { engine.end_processes(); }
  Engine engine;
  GpuCard card{engine, 0};
  LlmServer server;
};

Seconds caused(const Causes& causes, DelayKind kind, OwnerId culprit) {
  Seconds sum;
  for (const Cause& cause : causes) {
    if (cause.kind == kind && cause.culprit == culprit) sum += cause.duration;
  }
  return sum;
}

Seconds total(const Causes& causes) {
  Seconds sum;
  for (const Cause& cause : causes) sum += cause.duration;
  return sum;
}

TEST(LlmServer, TakesPrefillAndOneStepForEveryFurtherToken) {
  Lab lab(4);
  auto& [engine, card, server] = lab;
  Answer answer;
  engine.spawn("one", ask(engine, server, 1_s, {.owner = kFirst, .prompt_tokens = 100, .output_tokens = 11}, answer));
  engine.run();
  // 100 ms for the prompt and the first token, ten steps of 10 ms for the others.
  EXPECT_NEAR(answer.finished.value(), 1.2, 1e-9);
  EXPECT_NEAR(answer.result.time_to_first_token.value(), 0.1, 1e-9);
  EXPECT_NEAR(caused(answer.result.causes, DelayKind::Service, kFirst).value(), 0.2, 1e-9);
  EXPECT_NEAR(card.busy_time().value(), 0.2, 1e-9);
}

TEST(LlmServer, WhoComesLaterJoinsAtTheNextStepAndSlowsTheOtherDown) {
  Lab lab(2);
  auto& [engine, card, server] = lab;
  Answer first;
  Answer second;
  engine.spawn("first", ask(engine, server, 0_s, {.owner = kFirst, .prompt_tokens = 100, .output_tokens = 11}, first));
  engine.spawn("second", ask(engine, server, 125_ms, {.owner = kSecond, .prompt_tokens = 50, .output_tokens = 2}, second));
  engine.run();
  // At 125 ms the first has had three tokens and is in its third decode step, which ends at 130 ms. A step with the prompt
  // (50 + 10 ms) gives both a token; one step of both (20 ms) ends the second at 210 ms; the first needs 10 - 5 more steps.
  EXPECT_NEAR(second.finished.value(), 0.210, 1e-9);
  EXPECT_NEAR(first.finished.value(), 0.260, 1e-9);
  EXPECT_NEAR(caused(second.result.causes, DelayKind::Waiting, kFirst).value(), 0.005, 1e-9);
  // Alone the first had taken 200 ms.
  EXPECT_NEAR(caused(first.result.causes, DelayKind::Slowdown, kSecond).value(), 0.060, 1e-9);
  EXPECT_NEAR(total(first.result.causes).value(), 0.260, 1e-9);
  EXPECT_NEAR(total(second.result.causes).value(), 0.085, 1e-9);
  // What the first one sees between its tokens: three steps alone, the prompt's, one with both, five alone.
  const auto gaps = first.result.gaps.all();
  ASSERT_EQ(gaps.size(), 4U);
  const std::vector<std::pair<std::uint64_t, double>> expected{{3, 0.010}, {1, 0.060}, {1, 0.020}, {5, 0.010}};
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    EXPECT_EQ(gaps[i].count, expected[i].first);
    EXPECT_NEAR(gaps[i].mean().value(), expected[i].second, 1e-9);
  }
}

TEST(LlmServer, WaitsForAPlaceInAFullBatchAndRefusesBeyondTheQueue) {
  Lab lab(1, {.longest_request = 1000, .queue_limit = 1});
  auto& [engine, card, server] = lab;
  std::vector<Answer> answers(3);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    engine.spawn("asker", ask(engine, server, 0_s, {.owner = kFirst, .prompt_tokens = 100, .output_tokens = 11}, answers[i]));
  }
  engine.run();
  EXPECT_NEAR(answers[0].finished.value(), 0.2, 1e-9);
  EXPECT_NEAR(answers[1].finished.value(), 0.4, 1e-9);
  EXPECT_EQ(answers[2].result.outcome, Outcome::Rejected);
  EXPECT_NEAR(server.waiting_time().value(), 0.2, 1e-9);
}

TEST(LlmServer, WhoGivesUpLeavesTheBatch) {
  Lab lab(1);
  auto& [engine, card, server] = lab;
  Answer patient;
  Answer hasty;
  const auto impatient = [](Engine& e, Task<> task) -> Task<> {
    static_cast<void>(co_await e.with_timeout(std::move(task), 150_ms));
  };
  engine.spawn("hasty", impatient(engine, ask(engine, server, 0_s, {.prompt_tokens = 100, .output_tokens = 101}, hasty)));
  engine.spawn("patient", ask(engine, server, 10_ms, {.prompt_tokens = 100, .output_tokens = 1}, patient));
  engine.run();
  EXPECT_EQ(hasty.finished, Seconds{});
  // The step that was under way when it was given up (at the boundary of 150 ms) may still end.
  EXPECT_NEAR(patient.finished.value(), 0.25, 0.0101);
}

TEST(LlmServer, RefusesAPromptAsLongAsItsContextAndEndsAnAnswerThere) {
  Lab lab(1);
  std::vector<Answer> answers(2);
  lab.engine.spawn("long", ask(lab.engine, lab.server, 0_s, {.prompt_tokens = 1000, .output_tokens = 1}, answers[0]));
  lab.engine.spawn("near", ask(lab.engine, lab.server, 0_s, {.prompt_tokens = 990, .output_tokens = 50}, answers[1]));
  lab.engine.run();
  EXPECT_EQ(answers[0].result.outcome, Outcome::Rejected);
  EXPECT_EQ(answers[1].result.num_tokens, 10U);
}

TEST(LlmServer, TwoOnOneCardTakeTurns) {
  Lab lab(1);
  LlmServer other(lab.engine, lab.card,
                  std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.slot_tokens = 1000}),
                  std::make_unique<SimpleSteps>(), {.longest_request = 1000});
  Answer first;
  Answer second;
  lab.engine.spawn("first",
                   ask(lab.engine, lab.server, 0_s, {.owner = kFirst, .prompt_tokens = 200, .output_tokens = 1}, first));
  lab.engine.spawn("second",
                   ask(lab.engine, other, 100_ms, {.owner = kSecond, .prompt_tokens = 50, .output_tokens = 1}, second));
  lab.engine.run();
  // From 100 ms on each has half of the card: the second is done at 200 ms, the first has 50 ms left then.
  EXPECT_NEAR(second.finished.value(), 0.2, 1e-9);
  EXPECT_NEAR(first.finished.value(), 0.25, 1e-9);
  EXPECT_NEAR(caused(first.result.causes, DelayKind::Slowdown, kSecond).value(), 0.05, 1e-9);
  EXPECT_NEAR(caused(second.result.causes, DelayKind::Slowdown, kFirst).value(), 0.05, 1e-9);
  EXPECT_NEAR(lab.card.busy_time().value(), 0.25, 1e-9);
}

}  // namespace
}  // namespace labtwin::service
