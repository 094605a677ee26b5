#include "models/calibration/loop_between.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

LoopTimes times(double loop_us, double latency_us) {
  return {.loop_us = loop_us, .latency_us = latency_us, .rate_width = 0.1, .latency_width = 0.1};
}
LoopTimes times(double loop_us) {
  return times(loop_us, loop_us);
}

TEST(LoopTimes, ReturnsToTheEstimateItCameFrom) {
  LoopEstimate loop;
  loop.iops = log_interval(50000.0, 0.2);
  loop.latency_us = log_interval(300.0, 0.3);
  for (Estimate& quantile : loop.quantile_us) quantile = log_interval(400.0, 0.4);
  const LoopEstimate back = to_estimate(to_times(loop, 32.0, 0.7), 32.0, 0.7);
  EXPECT_NEAR(back.iops.value, 50000.0, 1e-6);
  EXPECT_NEAR(back.iops.high, loop.iops.high, 1e-6);
  EXPECT_NEAR(back.latency_us.low, loop.latency_us.low, 1e-9);
  EXPECT_NEAR(back.quantile_us[3].high, loop.quantile_us[3].high, 1e-9);
}

TEST(BetweenBlocks, AddsATimePerByteToATimePerRequest) {
  const std::vector<BlockTimes> known = {{4096.0, times(80.0)}, {65536.0, times(200.0)}};
  EXPECT_NEAR(between_blocks(known, 16384.0).loop_us, 80.0 + 120.0 * 12288.0 / 61440.0, 1e-9);
}

TEST(BetweenBlocks, IsMoreCertainNearAKnownSize) {
  const std::vector<BlockTimes> known = {{4096.0, times(80.0)}, {262144.0, times(200.0)}};
  EXPECT_LT(between_blocks(known, 8192.0).rate_width, between_blocks(known, 32768.0).rate_width);
  EXPECT_GT(between_blocks(known, 8192.0).rate_width, 0.1);
}

TEST(BetweenBlocks, NeitherFallsWithSizeNorOutgrowsItBeyondTheKnownOnes) {
  const std::vector<BlockTimes> falling = {{4096.0, times(80.0)}, {8192.0, times(60.0)}};
  EXPECT_NEAR(between_blocks(falling, 65536.0).loop_us, 60.0, 1e-9);
  const std::vector<BlockTimes> steep = {{8192.0, times(60.0)}, {16384.0, times(600.0)}};
  EXPECT_NEAR(between_blocks(steep, 32768.0).loop_us, 1200.0, 1e-9);
  EXPECT_NEAR(between_blocks(steep, 4096.0).loop_us, 30.0, 1e-9);
}

TEST(BetweenBlocks, SaysWhenItIsAskedWithOneSize) {
  const std::vector<BlockTimes> known = {{4096.0, times(80.0)}};
  EXPECT_THROW((void)between_blocks(known, 8192.0), InternalError);
}

TEST(TellingSizes, KeepsPartialPagesApartUnlessThereIsNothingElse) {
  const std::vector<BlockTimes> known = {{512.0, times(5.0)}, {2048.0, times(6.0)}, {8192.0, times(7.0)}};
  EXPECT_EQ(telling_sizes(known, 1024.0).size(), 2U);
  EXPECT_EQ(telling_sizes(known, 4096.0).size(), 1U);
  EXPECT_EQ(telling_sizes(std::vector<BlockTimes>{{8192.0, times(7.0)}}, 512.0).size(), 1U);
}

TEST(BetweenMixes, MixesTheTimesOfTheHalvesByTheirShares) {
  // Writes of 20 us and reads of 100 us that do not feel each other: one I/O in flight.
  const MixTimes writes{0.0, 0.0, times(20.0)};
  const MixTimes reads{1.0, 1.0, times(100.0)};
  const LoopTimes half = between_mixes(writes, reads, 0.7, 0.7);
  EXPECT_NEAR(half.loop_us, 0.3 * 20.0 + 0.7 * 100.0, 1e-9);
  EXPECT_NEAR(half.latency_us, 100.0, 1e-9);
}

TEST(BetweenMixes, ReturnsAKnownMixAtItsOwnPlace) {
  const MixTimes low{0.35, 0.35, times(60.0, 110.0)};
  const MixTimes high{0.65, 0.65, times(80.0, 100.0)};
  EXPECT_NEAR(between_mixes(low, high, 0.35, 0.35).loop_us, 60.0, 1e-9);
  EXPECT_NEAR(between_mixes(low, high, 0.65, 0.65).latency_us, 100.0, 1e-9);
  EXPECT_NEAR(between_mixes(low, high, 0.35, 0.35).rate_width, 0.1, 1e-9);
}

TEST(HalfLatencies, ObeyLittlesLaw) {
  for (double write_wait : {0.0, 0.4, 1.0}) {
    const HalfLatencies half = half_latencies({100.0, 20.0, write_wait}, 500.0, 0.7);
    EXPECT_NEAR(0.7 * half.read_us + 0.3 * half.write_us, 500.0, 1e-9);
    EXPECT_GE(half.read_us, 100.0);
    EXPECT_GE(half.write_us, 20.0);
  }
  const HalfLatencies shared = half_latencies({100.0, 20.0, 1.0}, 500.0, 0.7);
  EXPECT_NEAR(shared.read_us - shared.write_us, 80.0, 1e-9);
}

TEST(HalfLatencies, ShrinkTogetherWhereTheLoopIsFasterThanItsFloors) {
  const HalfLatencies half = half_latencies({100.0, 20.0, 1.0}, 30.0, 0.5);
  EXPECT_NEAR(half.read_us, 50.0, 1e-9);
  EXPECT_NEAR(half.write_us, 10.0, 1e-9);
}

}  // namespace
}  // namespace labtwin::calibration
