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

/// One slot, and room for so many tokens in the host.
LlamaSchedulerSettings one_slot_and_host(std::uint64_t host_tokens) {
  LlamaSchedulerSettings settings = slots(1);
  settings.host_tokens = host_tokens;
  return settings;
}

/// Asks a turn of a conversation and runs it to its end; its first part.
StepPart turn(LlamaScheduler& scheduler, std::uint64_t conversation, std::uint32_t prompt_tokens) {
  EXPECT_TRUE(scheduler.submit(
      {.id = conversation, .prompt_tokens = prompt_tokens, .output_tokens = 11, .conversation = conversation}));
  const StepPart first = next_step(scheduler).front();
  static_cast<void>(scheduler.complete(1));
  run_until_idle(scheduler);
  return first;
}

TEST(LlamaScheduler, GivesATextBackThatItHadToGiveUp) {
  LlamaScheduler without(one_slot_and_host(0));
  LlamaScheduler with(one_slot_and_host(10000));
  for (LlamaScheduler* scheduler : {&without, &with}) {
    EXPECT_EQ(turn(*scheduler, 1, 100).num_computed, 0U);
    EXPECT_EQ(turn(*scheduler, 2, 200).num_computed, 0U);
  }
  // The turn before had 100 tokens and eleven more, the last of which was never put in.
  const StepPart lost = turn(without, 1, 150);
  EXPECT_EQ(lost.num_computed, 0U);
  EXPECT_EQ(lost.num_moved, 0U);
  const StepPart kept = turn(with, 1, 150);
  EXPECT_EQ(kept.num_computed, 110U);
  EXPECT_EQ(kept.num_moved, 210U + 110U);  // the other's text goes, this one's comes
  EXPECT_EQ(with.num_stored(), 210U);
}

TEST(LlamaScheduler, MovesNothingWhereTheSlotHasTheText) {
  LlamaScheduler scheduler(one_slot_and_host(10000));
  static_cast<void>(turn(scheduler, 1, 100));
  const StepPart next = turn(scheduler, 1, 150);
  EXPECT_EQ(next.num_computed, 110U);
  EXPECT_EQ(next.num_moved, 0U);
  EXPECT_EQ(scheduler.num_stored(), 0U);
}

TEST(LlamaScheduler, KeepsNoMoreInTheHostThanThereIsRoomFor) {
  LlamaScheduler scheduler(one_slot_and_host(250));
  for (std::uint64_t conversation = 1; conversation <= 5; ++conversation) {
    static_cast<void>(turn(scheduler, conversation, 100));
    EXPECT_LE(scheduler.num_stored(), 250U);
  }
  // The oldest went: of 110 tokens each there is room for two, and the fifth text is in the slot.
  EXPECT_EQ(turn(scheduler, 4, 150).num_computed, 110U);
  EXPECT_EQ(turn(scheduler, 1, 150).num_computed, 0U);
  // A text that is larger than all of it stays where it is.
  LlamaScheduler small(one_slot_and_host(50));
  static_cast<void>(turn(small, 1, 100));
  EXPECT_EQ(turn(small, 2, 100).num_moved, 0U);
  EXPECT_EQ(small.num_stored(), 0U);
}

TEST(LlamaScheduler, DropsFromTheHostWhatALongerTextContains) {
  LlamaScheduler scheduler(one_slot_and_host(10000));
  static_cast<void>(turn(scheduler, 1, 100));
  static_cast<void>(turn(scheduler, 2, 100));
  static_cast<void>(turn(scheduler, 1, 150));
  static_cast<void>(turn(scheduler, 2, 150));
  static_cast<void>(turn(scheduler, 3, 100));
  EXPECT_EQ(scheduler.num_stored(), 160U + 160U);
}

}  // namespace
}  // namespace labtwin::serving
