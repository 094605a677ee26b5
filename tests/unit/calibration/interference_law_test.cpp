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

}  // namespace
}  // namespace labtwin::calibration
