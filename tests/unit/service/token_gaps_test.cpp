#include "sim/service/token_gaps.hpp"

#include <gtest/gtest.h>

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

TEST(TokenGaps, KeepsThoseThatAreAlikeTogether) {
  TokenGaps gaps;
  gaps.add(2, 20_ms);
  gaps.add(1, 10.04_ms);
  gaps.add(1, 12_ms);
  ASSERT_EQ(gaps.all().size(), 2U);
  EXPECT_EQ(gaps.all()[0].count, 3U);
  EXPECT_NEAR(gaps.all()[0].sum.value(), 0.03004, 1e-12);
  EXPECT_EQ(gaps.all()[1].count, 1U);
}

TEST(TokenGaps, OfARunThatGrowsSumToItsTimeAndAreAsLongAsItsSteps) {
  // From 10 to 20 ms in 1001 steps, and all of it half as fast.
  const serving::StepRun run{.first = 10_ms, .growth = 0.01_ms};
  TokenGaps gaps;
  add_run(gaps, run, 1001, run.time(1001) * 2.0);
  std::uint64_t count = 0;
  Seconds sum;
  for (const TokenGaps::Alike& alike : gaps.all()) {
    // The mean of each group is that of its steps, which lie within a per cent of it.
    const double middle = static_cast<double>(count) + 0.5 * static_cast<double>(alike.count + 1);
    EXPECT_NEAR(alike.mean().value(), 2.0 * (0.010 + 0.00001 * middle), 1e-9);
    EXPECT_LT(0.00001 * 2.0 * static_cast<double>(alike.count), 0.0101 * alike.mean().value());
    count += alike.count;
    sum += alike.sum;
  }
  EXPECT_EQ(count, 1000U);
  EXPECT_NEAR(sum.value(), 2.0 * (run.time(1001) - run.first).value(), 1e-9);
  EXPECT_LT(gaps.all().size(), 150U);
}

}  // namespace
}  // namespace labtwin::service
