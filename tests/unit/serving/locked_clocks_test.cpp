#include "models/serving/locked_clocks.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

using namespace labtwin::literals;

constexpr PerSecond kGigahertz = PerSecond::from_base(1e9);

AcceleratorSpec card() {
  AcceleratorSpec spec;
  spec.boost_clock = 2.0 * kGigahertz;
  spec.max_clock = 2.5 * kGigahertz;
  spec.memory_clock = 10.0 * kGigahertz;
  return spec;
}

TEST(LockedClocks, FreeClocksTakeNothing) {
  const ClockShares shares = clock_shares({}, card());
  EXPECT_EQ(shares.arithmetic, 1.0);
  EXPECT_EQ(shares.memory, 1.0);
  // What a card gains above its boost clock is in the rates that the laws know.
  EXPECT_EQ(clock_shares({.graphics = 2.4 * kGigahertz}, card()).arithmetic, 1.0);
}

TEST(LockedClocks, ArithmeticAndMemoryGoAsTheirOwnClocks) {
  const ClockShares graphics = clock_shares({.graphics = 1.0 * kGigahertz}, card());
  EXPECT_DOUBLE_EQ(graphics.arithmetic, 0.5);
  EXPECT_DOUBLE_EQ(graphics.memory, 1.0);
  const ClockShares memory = clock_shares({.memory = 4.0 * kGigahertz}, card());
  EXPECT_DOUBLE_EQ(memory.arithmetic, 1.0);
  EXPECT_DOUBLE_EQ(memory.memory, 0.4);
}

TEST(LockedClocks, NobodyAsksForMemoryFasterThanTheGraphicsClockLets) {
  const ClockShares low = clock_shares({.graphics = 0.4 * kGigahertz}, card());
  EXPECT_DOUBLE_EQ(low.memory, 2.5 * 0.2);
  // The lower of both.
  EXPECT_DOUBLE_EQ(clock_shares({.graphics = 0.4 * kGigahertz, .memory = 3.0 * kGigahertz}, card()).memory, 0.3);
}

TEST(LockedClocks, SlowerAtLowerClocksAlways) {
  double before = 0.0;
  for (double clock = 0.2; clock <= 2.0; clock += 0.1) {
    const ClockShares shares = clock_shares({.graphics = clock * kGigahertz}, card());
    EXPECT_GT(shares.arithmetic, before);
    EXPECT_LE(shares.arithmetic, shares.memory);
    before = shares.arithmetic;
  }
}

TEST(LockedClocks, LaunchesHostAndLinksStayAsTheyAre) {
  ThroughputTerms free{};
  free.fill(1.0);
  const ThroughputTerms token = at_clocks(free, {.arithmetic = 0.5, .memory = 0.25});
  EXPECT_EQ(token[Launch] + token[Host] + token[Exchange] + token[Other], 4.0);
  EXPECT_EQ(token[Weights] + token[Context], 8.0);
  EXPECT_EQ(token[Arithmetic] + token[Vector], 4.0);
  const ThroughputTerms prompt = prompt_at_clocks(free, {.arithmetic = 0.5, .memory = 0.25});
  EXPECT_EQ(prompt[Weights], 4.0);
  EXPECT_EQ(prompt[Context] + prompt[Arithmetic] + prompt[Vector], 6.0);
  OperatorCoefficients coefficients;
  coefficients.layer_overhead = 30_us;
  const OperatorCoefficients kept = at_clocks(coefficients, {.arithmetic = 0.1, .memory = 0.1});
  EXPECT_EQ(kept.layer_overhead, 30_us);
}

}  // namespace
}  // namespace labtwin::serving
