#include "models/calibration/interference_law.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

// A drive that sustains 400 MB/s: 60 us + 20 us (W / 100) + 100 us rho^7.12 / (1 - rho) below that, 900 us beyond.
double measured_us(double asked_mb_per_s) {
  const double load = asked_mb_per_s / 400.0;
  if (load >= 1.0) return 900.0;
  return 60.0 + 0.2 * asked_mb_per_s + 100.0 * std::pow(load, 7.12) / (1.0 - load);
}

OpenLoopInterference fitted(const std::vector<double>& rates) {
  std::vector<InterferenceMeasurement> rows;
  for (double rate : rates) {
    InterferenceMeasurement row;
    row.point.background_mb_per_s = rate;
    row.achieved_mb_per_s = std::min(rate, 400.0);
    row.latency_us[0] = measured_us(rate);
    rows.push_back(row);
  }
  return OpenLoopInterference(rows);
}

TEST(OpenLoopInterference, FindsCollisionsAndQueueBelowWhatTheDriveSustains) {
  const OpenLoopInterference law = fitted({20, 100, 200, 360, 600});
  ASSERT_TRUE(law.sustained_mb_per_s().has_value());
  EXPECT_DOUBLE_EQ(*law.sustained_mb_per_s(), 400.0);
  for (double rate : {50.0, 150.0, 300.0, 340.0}) {
    EXPECT_NEAR(law.latency_us({.background_mb_per_s = rate}, 0)->value / measured_us(rate), 1.0, 0.03) << rate;
  }
}

TEST(OpenLoopInterference, HasALevelOfItsOwnBeyondThat) {
  const OpenLoopInterference law = fitted({20, 100, 600});
  EXPECT_TRUE(law.saturated({.background_mb_per_s = 450.0}));
  EXPECT_NEAR(law.latency_us({.background_mb_per_s = 450.0}, 0)->value, 900.0, 1e-9);
}

TEST(OpenLoopInterference, SaysNothingOfARegimeThatWasNotFitted) {
  const OpenLoopInterference law = fitted({450, 600});
  EXPECT_FALSE(law.latency_us({.background_mb_per_s = 100.0}, 0).has_value());
}

TEST(OpenLoopInterference, TellsWhatAStreamGetsAsSurelyAsRunsAgree) {
  std::vector<InterferenceMeasurement> rows(3);
  const std::vector<double> achieved = {380.0, 400.0, 420.0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].point.background_mb_per_s = 600.0;
    rows[i].achieved_mb_per_s = achieved[i];
  }
  const OpenLoopInterference law(rows);
  EXPECT_DOUBLE_EQ(law.share_reached({.background_mb_per_s = 200.0}).value, 1.0);
  const LogEstimate share = law.share_reached({.background_mb_per_s = 500.0});
  EXPECT_DOUBLE_EQ(share.value, 0.8);
  EXPECT_NEAR(share.sigma, 0.041, 0.001);
}

// Reads that hinder each other at middle depths as no law of this form says: 100 us, half the rate of a free drive at depth 8.
double odd_iops(const InterferencePoint& point) {
  const double hindered = 1.0 - 0.5 * std::exp(-std::pow(std::log(point.num_in_flight / 8.0), 2.0));
  return point.num_in_flight * 1e4 * hindered / (1.0 + 0.1 * point.background_mb_per_s / 100.0);
}

ClosedLoopInterference fitted_odd() {
  std::vector<InterferenceMeasurement> rows;
  for (double depth : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    for (double rate : {0.0, 50.0, 250.0, 1000.0}) {
      InterferenceMeasurement row;
      row.point = {.num_in_flight = depth, .background_mb_per_s = rate};
      row.iops = odd_iops(row.point);
      row.latency_us[0] = 1e6 * depth / *row.iops;
      rows.push_back(row);
    }
  }
  return ClosedLoopInterference(rows);
}

TEST(ClosedLoopInterference, KeepsWhatItsLawDoesNotExplainNearWhereItWasSeen) {
  const ClosedLoopInterference law = fitted_odd();
  for (double depth : {1.0, 8.0, 32.0}) {
    const InterferencePoint between{.num_in_flight = depth, .background_mb_per_s = 500.0};
    EXPECT_NEAR(law.iops(between).value / odd_iops(between), 1.0, 0.08) << depth;
    EXPECT_NEAR(law.latency_us(between, 0).value * law.iops(between).value, 1e6 * depth, 0.03e6 * depth);
  }
}

TEST(ClosedLoopInterference, IsLessSureFarFromWhereItWasSeen) {
  const ClosedLoopInterference law = fitted_odd();
  const double near = law.iops({.num_in_flight = 8.0, .background_mb_per_s = 250.0}).sigma;
  EXPECT_LT(near, law.iops({.num_in_flight = 4096.0, .background_mb_per_s = 250.0}).sigma);
}

}  // namespace
}  // namespace labtwin::calibration
