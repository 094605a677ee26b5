#include "models/topology/fair_rates.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "models/base/rng.hpp"

namespace labtwin::topology {
namespace {

BytesPerSecond rate(double value) {
  return BytesPerSecond::from_base(value);
}

std::vector<FairRate> shared(const std::vector<BytesPerSecond>& capacities, const std::vector<StreamDemand>& demands) {
  std::vector<const StreamDemand*> pointers;
  for (const StreamDemand& demand : demands) pointers.push_back(&demand);
  return fair_rates(capacities, pointers);
}

TEST(FairRates, OneStreamGetsTheNarrowestOfItsLanes) {
  const auto rates = shared({rate(10.0), rate(4.0)}, {{.lanes = {{0}, {1}}}});
  EXPECT_DOUBLE_EQ(rates[0].rate.value(), 4.0);
  EXPECT_EQ(rates[0].bottleneck, 1U);
}

TEST(FairRates, ALaneThatIsCrossedTwiceCarriesHalf) {
  EXPECT_DOUBLE_EQ(shared({rate(10.0)}, {{.lanes = {{0, 2.0}}}})[0].rate.value(), 5.0);
}

TEST(FairRates, WhatACapLeavesGoesToTheOthers) {
  const auto rates = shared({rate(10.0)}, {{.lanes = {{0}}, .cap = rate(2.0)}, {.lanes = {{0}}}, {.lanes = {{0}}}});
  EXPECT_DOUBLE_EQ(rates[0].rate.value(), 2.0);
  EXPECT_FALSE(rates[0].bottleneck.has_value());
  EXPECT_DOUBLE_EQ(rates[1].rate.value(), 4.0);
  EXPECT_DOUBLE_EQ(rates[2].rate.value(), 4.0);
}

TEST(FairRates, ALongStreamYieldsWhereItIsCrowdedAndOthersTakeTheRest) {
  // Lanes of 6 and 10; three streams on the first, of which one goes on over the second with a fourth one.
  const auto rates =
      shared({rate(6.0), rate(10.0)}, {{.lanes = {{0}, {1}}}, {.lanes = {{0}}}, {.lanes = {{0}}}, {.lanes = {{1}}}});
  EXPECT_DOUBLE_EQ(rates[0].rate.value(), 2.0);
  EXPECT_DOUBLE_EQ(rates[3].rate.value(), 8.0);
}

TEST(FairRates, NoLaneCarriesMoreThanItsRateAndEveryStreamHasAReason) {
  const RandomStream random = RandomSource(7, 0).stream("test");
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    std::uint64_t number = 0;
    const auto next = [&] { return random.uniform(trial, number++); };
    std::vector<BytesPerSecond> capacities;
    for (int lane = 0; lane < 6; ++lane) capacities.push_back(rate(1.0 + 30.0 * next()));
    std::vector<StreamDemand> demands(8);
    for (StreamDemand& demand : demands) {
      for (LaneId lane = 0; lane < 6; ++lane) {
        if (next() < 0.4) demand.lanes.push_back({lane, next() < 0.3 ? 2.0 : 1.0});
      }
      demand.cap = rate(demand.lanes.empty() || next() < 0.5 ? 20.0 * next() + 0.1 : 1e9);
    }
    const auto rates = shared(capacities, demands);
    std::vector<double> load(capacities.size(), 0.0);
    for (std::size_t i = 0; i < demands.size(); ++i) {
      EXPECT_LE(rates[i].rate.value(), demands[i].cap.value() * (1.0 + 1e-9));
      for (const LaneUse& use : demands[i].lanes) load[use.lane] += use.crossings * rates[i].rate.value();
    }
    for (std::size_t lane = 0; lane < load.size(); ++lane) EXPECT_LE(load[lane], capacities[lane].value() * (1.0 + 1e-9));
    for (std::size_t i = 0; i < demands.size(); ++i) {
      if (!rates[i].bottleneck) {
        EXPECT_NEAR(rates[i].rate.value(), demands[i].cap.value(), 1e-9 * demands[i].cap.value());
        continue;
      }
      const LaneId lane = *rates[i].bottleneck;
      EXPECT_NEAR(load[lane], capacities[lane].value(), 1e-6 * capacities[lane].value());
      for (std::size_t other = 0; other < demands.size(); ++other) {
        for (const LaneUse& use : demands[other].lanes) {
          if (use.lane != lane) continue;
          EXPECT_LE(rates[other].rate.value(), rates[i].rate.value() * (1.0 + 1e-9));
        }
      }
    }
  }
}

TEST(FairRates, AWiderLaneTakesFromNobodyWhoIsAlone) {
  double before = 0.0;
  for (const double capacity : {2.0, 4.0, 8.0, 16.0, 32.0}) {
    const double now = shared({rate(capacity)}, {{.lanes = {{0}}, .cap = rate(20.0)}})[0].rate.value();
    EXPECT_GE(now, before);
    before = now;
  }
  EXPECT_DOUBLE_EQ(before, 20.0);
}

}  // namespace
}  // namespace labtwin::topology
