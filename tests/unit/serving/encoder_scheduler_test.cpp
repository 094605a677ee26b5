#include "models/serving/encoder_scheduler.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

InferenceRequest text(std::uint64_t id, std::uint32_t tokens) {
  return {.id = id, .prompt_tokens = tokens, .output_tokens = 1};
}

TEST(EncoderScheduler, ABatchIsAllThatHasComeAndFits) {
  EncoderScheduler scheduler(1000);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(scheduler.submit(text(id, 400)));
  ASSERT_EQ(scheduler.schedule().size(), 2U);
  EXPECT_EQ(scheduler.num_waiting(), 1U);
  EXPECT_TRUE(scheduler.submit(text(4, 100)));
  const auto done = scheduler.complete(1);
  ASSERT_EQ(done.size(), 2U);
  EXPECT_TRUE(done[0].is_first && done[0].is_last);
  EXPECT_EQ(scheduler.schedule().size(), 2U);
  static_cast<void>(scheduler.complete(1));
  EXPECT_TRUE(scheduler.schedule().empty());
}

TEST(EncoderScheduler, ATextLongerThanABatchIsOneOfItsOwn) {
  EncoderScheduler scheduler(100);
  EXPECT_TRUE(scheduler.submit(text(1, 400)));
  EXPECT_TRUE(scheduler.submit(text(2, 10)));
  const auto batch = scheduler.schedule();
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch[0].num_tokens, 400U);
}

TEST(EncoderScheduler, ForgetsWhoLeaves) {
  EncoderScheduler scheduler(500);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_TRUE(scheduler.submit(text(id, 400)));
  ASSERT_EQ(scheduler.schedule().size(), 1U);
  scheduler.cancel(1);  // under way
  scheduler.cancel(2);  // queued
  EXPECT_TRUE(scheduler.complete(1).empty());
  const auto batch = scheduler.schedule();
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(batch[0].request, 3U);
}

}  // namespace
}  // namespace labtwin::serving
