#include "models/serving/vllm_scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace labtwin::serving {
namespace {

VllmSchedulerSettings engine(std::size_t num_blocks, std::uint32_t budget = 2048) {
  return {.num_blocks = num_blocks, .block_tokens = 16, .max_sequences = 8, .max_batched_tokens = budget};
}

InferenceRequest request(std::uint64_t id, std::uint32_t prompt, std::uint32_t output) {
  return {.id = id, .prompt_tokens = prompt, .output_tokens = output};
}

std::vector<StepPart> next_step(VllmScheduler& scheduler) {
  const auto step = scheduler.schedule();
  return {step.begin(), step.end()};
}

TEST(VllmScheduler, CutsAPromptIntoChunksOfTheBudget) {
  VllmScheduler scheduler(engine(100, 64));
  ASSERT_TRUE(scheduler.submit(request(1, 100, 2)));
  auto step = next_step(scheduler);
  ASSERT_EQ(step.size(), 1U);
  EXPECT_EQ(step[0].num_tokens, 64U);
  EXPECT_FALSE(step[0].samples);
  EXPECT_TRUE(scheduler.complete().empty());

  step = next_step(scheduler);
  EXPECT_EQ(step[0].num_tokens, 36U);
  EXPECT_EQ(step[0].num_computed, 64U);
  EXPECT_TRUE(step[0].samples);
  const auto first = scheduler.complete();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(first[0].is_first);
  EXPECT_FALSE(first[0].is_last);

  step = next_step(scheduler);
  EXPECT_TRUE(step[0].is_decode);
  EXPECT_EQ(step[0].num_computed, 100U);
  EXPECT_TRUE(scheduler.complete()[0].is_last);
  EXPECT_TRUE(scheduler.idle());
  EXPECT_EQ(scheduler.num_free_blocks(), 100U);
}

TEST(VllmScheduler, ServesRunningRequestsBeforeItAdmitsOthers) {
  VllmScheduler scheduler(engine(100, 64));
  ASSERT_TRUE(scheduler.submit(request(1, 32, 8)));
  static_cast<void>(scheduler.schedule());
  static_cast<void>(scheduler.complete());
  ASSERT_TRUE(scheduler.submit(request(2, 100, 1)));
  const auto step = next_step(scheduler);
  ASSERT_EQ(step.size(), 2U);
  EXPECT_EQ(step[0].request, 1U);
  EXPECT_EQ(step[0].num_tokens, 1U);
  EXPECT_EQ(step[1].request, 2U);
  EXPECT_EQ(step[1].num_tokens, 63U);
}

TEST(VllmScheduler, AdmitsARequestOnlyWhenTheBlocksOfItsWholePromptAreFree) {
  VllmScheduler scheduler(engine(10, 64));
  ASSERT_TRUE(scheduler.submit(request(1, 64, 4)));
  ASSERT_TRUE(scheduler.submit(request(2, 112, 4)));  // 7 blocks, 6 are free
  EXPECT_EQ(next_step(scheduler).size(), 1U);
  static_cast<void>(scheduler.complete());
  EXPECT_EQ(next_step(scheduler).size(), 1U);
  EXPECT_EQ(scheduler.num_waiting(), 1U);
}

TEST(VllmScheduler, PreemptsTheLastAdmittedAndFindsItsTokensAgain) {
  // Two requests of 3 blocks each fill a pool of 6; the first one's 49th token needs a seventh.
  VllmScheduler scheduler(engine(6));
  ASSERT_TRUE(scheduler.submit(request(1, 48, 3)));
  ASSERT_TRUE(scheduler.submit(request(2, 48, 2)));
  EXPECT_EQ(next_step(scheduler).size(), 2U);
  static_cast<void>(scheduler.complete());
  auto step = next_step(scheduler);
  ASSERT_EQ(step.size(), 1U);
  EXPECT_EQ(step[0].request, 1U);
  EXPECT_EQ(scheduler.num_preemptions(), 1U);
  EXPECT_EQ(scheduler.num_waiting(), 1U);
  static_cast<void>(scheduler.complete());
  step = next_step(scheduler);
  EXPECT_EQ(step.size(), 1U) << "4 blocks of 6 are taken, the other needs 4 less those that are found and free";
  EXPECT_TRUE(scheduler.complete()[0].is_last);

  step = next_step(scheduler);
  ASSERT_EQ(step.size(), 1U);
  EXPECT_EQ(step[0].request, 2U);
  // Its last block went first to the other; the two before it are found.
  EXPECT_EQ(step[0].num_computed, 32U);
  EXPECT_EQ(step[0].num_tokens, 17U);
  EXPECT_TRUE(scheduler.complete()[0].is_last);
}

TEST(VllmScheduler, ComputesASharedPrefixOnce) {
  VllmScheduler scheduler(engine(100));
  InferenceRequest first = request(1, 100, 1);
  first.prefix = 5;
  first.prefix_tokens = 70;
  InferenceRequest second = request(2, 90, 1);
  second.prefix = 5;
  second.prefix_tokens = 70;
  ASSERT_TRUE(scheduler.submit(first));
  static_cast<void>(scheduler.schedule());
  static_cast<void>(scheduler.complete());
  ASSERT_TRUE(scheduler.submit(second));
  const auto step = next_step(scheduler);
  EXPECT_EQ(step[0].num_computed, 64U);
  EXPECT_EQ(step[0].num_tokens, 26U);
}

TEST(VllmScheduler, FindsTheTurnsBeforeOfAConversation) {
  VllmScheduler scheduler(engine(100));
  InferenceRequest first = request(1, 40, 30);
  first.conversation = 9;
  ASSERT_TRUE(scheduler.submit(first));
  while (!scheduler.idle()) {
    static_cast<void>(scheduler.schedule());
    static_cast<void>(scheduler.complete());
  }
  InferenceRequest second = request(2, 100, 1);
  second.conversation = 9;
  ASSERT_TRUE(scheduler.submit(second));
  // 69 tokens were computed, prompt and answer: four full blocks.
  EXPECT_EQ(next_step(scheduler)[0].num_computed, 64U);
}

/// When each request's last token came out, in steps.
std::map<std::uint64_t, std::uint64_t> finished(bool at_once) {
  VllmScheduler scheduler(engine(40, 96));
  for (std::uint64_t id = 0; id < 40; ++id) {
    const auto prompt = static_cast<std::uint32_t>(1 + (id * 37) % 200);
    EXPECT_TRUE(scheduler.submit(request(id, prompt, static_cast<std::uint32_t>(1 + (id * 53) % 120))));
  }
  std::map<std::uint64_t, std::uint64_t> ends;
  std::uint64_t num_steps = 0;
  while (!scheduler.idle()) {
    static_cast<void>(scheduler.schedule());
    const std::uint64_t steps = at_once ? scheduler.num_alike() : 1;
    num_steps += steps;
    for (const TokenEvent& token : scheduler.complete(steps)) {
      if (token.is_last) ends[token.request] = num_steps;
    }
  }
  EXPECT_EQ(scheduler.num_free_blocks(), 40U);
  return ends;
}

TEST(VllmScheduler, TakesAlikeStepsAtOnceWithoutAnyDifference) {
  EXPECT_EQ(finished(true), finished(false));
}

TEST(VllmScheduler, ForgetsWhoGivesUp) {
  VllmScheduler scheduler(engine(10));
  ASSERT_TRUE(scheduler.submit(request(1, 64, 50)));
  ASSERT_TRUE(scheduler.submit(request(2, 112, 4)));
  EXPECT_EQ(next_step(scheduler).size(), 1U);
  scheduler.cancel(1);
  EXPECT_TRUE(scheduler.complete().empty());
  EXPECT_EQ(scheduler.num_free_blocks(), 10U);
  EXPECT_EQ(next_step(scheduler)[0].request, 2U);
  static_cast<void>(scheduler.complete());
  scheduler.cancel(2);
  EXPECT_TRUE(scheduler.idle());
  EXPECT_EQ(scheduler.num_free_blocks(), 10U);
}

TEST(VllmScheduler, RefusesWhatItsPoolCannotHold) {
  VllmScheduler scheduler(engine(4));
  EXPECT_FALSE(scheduler.submit(request(1, 60, 6)));
  EXPECT_TRUE(scheduler.submit(request(2, 60, 5)));
  EXPECT_EQ(scheduler.num_waiting(), 1U);
}

TEST(VllmScheduler, GivesEveryRequestItsTokensAndTakesBackEveryBlock) {
  // A pool that is always short: 60 requests of up to 20 blocks in 40.
  VllmScheduler scheduler(engine(40, 96));
  std::map<std::uint64_t, std::uint32_t> left;
  for (std::uint64_t id = 0; id < 60; ++id) {
    const auto prompt = static_cast<std::uint32_t>(1 + (id * 37) % 200);
    const auto output = static_cast<std::uint32_t>(1 + (id * 53) % 120);
    left[id] = output;
    ASSERT_TRUE(scheduler.submit(request(id, prompt, output)));
  }
  int num_steps = 0;
  while (!scheduler.idle()) {
    const auto step = next_step(scheduler);
    ASSERT_FALSE(step.empty());
    ASSERT_LT(++num_steps, 20000);
    std::uint32_t tokens = 0;
    for (const StepPart& part : step) tokens += part.num_tokens;
    EXPECT_LE(tokens, 96U);
    EXPECT_LE(step.size(), 8U);
    for (const TokenEvent& token : scheduler.complete()) {
      ASSERT_GT(left[token.request], 0U);
      --left[token.request];
      EXPECT_EQ(token.is_last, left[token.request] == 0);
    }
  }
  for (const auto& [id, tokens] : left) EXPECT_EQ(tokens, 0U) << "request " << id;
  EXPECT_EQ(scheduler.num_free_blocks(), 40U);
  EXPECT_GT(scheduler.num_preemptions(), 0U);
}

TEST(VllmScheduler, ComputesTheTextsOfATraceOnce) {
  VllmScheduler scheduler(engine(200, 4096));
  const std::vector<TextRun> first{{.end = 1024, .text = 7}, {.end = 1300, .text = 8}};
  const std::vector<TextRun> second{{.end = 512, .text = 7}, {.end = 1024, .text = 7}, {.end = 1400, .text = 9}};
  InferenceRequest one = request(1, 1300, 1);
  one.texts = first;
  ASSERT_TRUE(scheduler.submit(one));
  EXPECT_EQ(next_step(scheduler)[0].num_tokens, 1300U);
  static_cast<void>(scheduler.complete());
  InferenceRequest two = request(2, 1400, 1);
  two.texts = second;
  ASSERT_TRUE(scheduler.submit(two));
  const auto step = next_step(scheduler);
  // Two texts of 512 tokens are there.
  EXPECT_EQ(step[0].num_computed, 1024U);
  EXPECT_EQ(step[0].num_tokens, 376U);
}

}  // namespace
}  // namespace labtwin::serving
