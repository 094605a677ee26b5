#include "models/serving/llama_scheduler.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace labtwin::serving {
namespace {

LlamaSchedulerSettings slots(std::uint32_t num_slots, std::uint32_t slot_tokens = 1000) {
  return {.num_slots = num_slots, .slot_tokens = slot_tokens, .batch = 256};
}

InferenceRequest request(std::uint64_t id, std::uint32_t prompt, std::uint32_t output) {
  return {.id = id, .prompt_tokens = prompt, .output_tokens = output};
}

std::vector<StepPart> next_step(LlamaScheduler& scheduler) {
  const auto step = scheduler.schedule();
  return {step.begin(), step.end()};
}

void run_until_idle(LlamaScheduler& scheduler) {
  while (!scheduler.schedule().empty()) static_cast<void>(scheduler.complete(1));
}

TEST(LlamaScheduler, GivesGeneratingSlotsTheirTokenAndPromptsTheRestOfTheBatch) {
  LlamaScheduler scheduler(slots(2));
  ASSERT_TRUE(scheduler.submit(request(1, 10, 5)));
  EXPECT_EQ(next_step(scheduler).at(0).num_tokens, 10U);
  EXPECT_TRUE(scheduler.complete(1)[0].is_first);
  ASSERT_TRUE(scheduler.submit(request(2, 400, 2)));
  auto step = next_step(scheduler);
  ASSERT_EQ(step.size(), 2U);
  EXPECT_TRUE(step[0].is_decode);
  EXPECT_EQ(step[1].num_tokens, 255U);
  EXPECT_FALSE(step[1].samples);
  EXPECT_EQ(scheduler.num_alike(), 1U);
  static_cast<void>(scheduler.complete(1));
  step = next_step(scheduler);
  EXPECT_EQ(step[1].num_tokens, 145U);
  EXPECT_TRUE(step[1].samples);
}

TEST(LlamaScheduler, LetsTheRestWaitForASlot) {
  LlamaScheduler scheduler(slots(1));
  ASSERT_TRUE(scheduler.submit(request(1, 10, 3)));
  ASSERT_TRUE(scheduler.submit(request(2, 10, 1)));
  EXPECT_EQ(next_step(scheduler).size(), 1U);
  EXPECT_EQ(scheduler.num_waiting(), 1U);
  static_cast<void>(scheduler.complete(1));
  static_cast<void>(next_step(scheduler));
  EXPECT_EQ(scheduler.num_alike(), 2U);
  EXPECT_TRUE(scheduler.complete(2)[0].is_last);
  EXPECT_EQ(next_step(scheduler)[0].request, 2U);
}

TEST(LlamaScheduler, RefusesWhatIsLongerThanASlot) {
  LlamaScheduler scheduler(slots(4, 256));
  EXPECT_FALSE(scheduler.submit(request(1, 256, 2)));
  EXPECT_TRUE(scheduler.submit(request(2, 256, 1)));
}

TEST(LlamaScheduler, GoesOnWithAConversationInItsSlot) {
  LlamaScheduler scheduler(slots(2));
  InferenceRequest first = request(1, 100, 21);
  first.conversation = 7;
  ASSERT_TRUE(scheduler.submit(first));
  run_until_idle(scheduler);
  InferenceRequest second = request(2, 180, 1);
  second.conversation = 7;
  ASSERT_TRUE(scheduler.submit(request(3, 50, 1)));  // takes the slot that was never used
  ASSERT_TRUE(scheduler.submit(second));
  const auto step = next_step(scheduler);
  ASSERT_EQ(step.size(), 2U);
  EXPECT_EQ(step[0].request, 2U);
  EXPECT_EQ(step[0].num_computed, 120U) << "the prompt and all but the last token of the answer";
  EXPECT_EQ(step[0].num_tokens, 60U);
}

TEST(LlamaScheduler, ComputesTheLastTokenOfAKnownPromptAgain) {
  LlamaScheduler scheduler(slots(1));
  InferenceRequest once = request(1, 100, 1);
  once.prefix = 3;
  once.prefix_tokens = 100;
  ASSERT_TRUE(scheduler.submit(once));
  run_until_idle(scheduler);
  once.id = 2;
  ASSERT_TRUE(scheduler.submit(once));
  EXPECT_EQ(next_step(scheduler)[0].num_tokens, 1U);
}

TEST(LlamaScheduler, ForgetsWhoGivesUp) {
  LlamaScheduler scheduler(slots(1));
  ASSERT_TRUE(scheduler.submit(request(1, 10, 100)));
  ASSERT_TRUE(scheduler.submit(request(2, 10, 1)));
  static_cast<void>(next_step(scheduler));
  scheduler.cancel(1);
  EXPECT_TRUE(scheduler.complete(1).empty());
  EXPECT_EQ(next_step(scheduler)[0].request, 2U);
  scheduler.cancel(3);
  EXPECT_TRUE(scheduler.complete(1)[0].is_last);
  EXPECT_EQ(scheduler.num_busy(), 0U);
}

TEST(LlamaScheduler, GivesEveryRequestItsTokensWithinTheContextOfItsSlots) {
  LlamaScheduler scheduler(slots(3, 320));
  std::map<std::uint64_t, std::uint32_t> left;
  std::map<std::uint64_t, std::uint32_t> computed;
  for (std::uint64_t id = 1; id <= 60; ++id) {
    InferenceRequest one =
        request(id, static_cast<std::uint32_t>(1 + (id * 37) % 200), static_cast<std::uint32_t>(1 + (id * 53) % 120));
    one.conversation = id % 7;
    left[id] = one.output_tokens;
    ASSERT_TRUE(scheduler.submit(one));
  }
  for (auto step = next_step(scheduler); !step.empty(); step = next_step(scheduler)) {
    std::uint32_t tokens = 0;
    for (const StepPart& part : step) tokens += part.num_tokens;
    EXPECT_LE(tokens, 256U);
    const std::uint64_t alike = scheduler.num_alike();
    for (const StepPart& part : step) {
      if (part.samples) left[part.request] -= static_cast<std::uint32_t>(alike);
    }
    for (const TokenEvent& token : scheduler.complete(alike)) EXPECT_EQ(token.is_last, left[token.request] == 0);
    EXPECT_LE(scheduler.num_cached(), 3 * 320U);
  }
  for (const auto& [id, tokens] : left) EXPECT_EQ(tokens, 0U) << "request " << id;
}

TEST(LlamaScheduler, KeepsTheTextsOfATraceInTheirSlot) {
  LlamaScheduler scheduler(slots(2, 4096));
  const std::vector<TextRun> first{{.end = 1024, .text = 7}, {.end = 1300, .text = 8}};
  const std::vector<TextRun> second{{.end = 512, .text = 7}, {.end = 1024, .text = 7}, {.end = 1400, .text = 9}};
  InferenceRequest one = request(1, 1300, 1);
  one.texts = first;
  ASSERT_TRUE(scheduler.submit(one));
  run_until_idle(scheduler);
  InferenceRequest two = request(2, 1400, 1);
  two.texts = second;
  ASSERT_TRUE(scheduler.submit(two));
  EXPECT_EQ(next_step(scheduler)[0].num_computed, 1024U);
}

}  // namespace
}  // namespace labtwin::serving
