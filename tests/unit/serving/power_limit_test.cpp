#include "models/serving/power_limit.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace labtwin::serving {
namespace {

Watts watts(double w) {
  return Watts::from_base(w);
}

TEST(PowerLimit, CostsNothingAtTheBoardsPowerAndEverMoreBelow) {
  double before = 1.0;
  EXPECT_GT(limited_speed(watts(450), watts(450)).share, 0.99);
  for (const double limit : {450.0, 400.0, 350.0, 300.0, 250.0, 200.0, 150.0}) {
    const double share = limited_speed(watts(limit), watts(450)).share;
    EXPECT_LE(share, before) << limit;
    EXPECT_GT(share, 0.2) << limit;
    before = share;
  }
}

TEST(PowerLimit, FallsWithAPowerOfTheLimitFarBelowTheKnee) {
  EXPECT_NEAR(log_limited_share(0.25, 1.3), 1.3 * std::log(0.25), 1e-6);
  EXPECT_NEAR(log_limited_share(4.0, 1.3), 0.0, 1e-6);
}

// A 3090 of 350 W: decoding a dense model, and a mixture of experts (club-3090, medians of rows). Within 1.645 deviations of
// the law.
TEST(PowerLimit, HoldsWhatAnRtx3090Measured) {
  struct Point {
    double limit, share;
  };
  constexpr std::array<Point, 4> kMeasured{{{270.0, 0.82}, {230.0, 0.61}, {310.0, 0.95}, {280.0, 0.88}}};
  for (const auto& [limit, share] : kMeasured) {
    const LimitedSpeed here = limited_speed(watts(limit), watts(350));
    EXPECT_LT(std::abs(std::log(share / here.share)), 1.645 * here.sigma + 0.05) << limit << " W: " << here.share;
  }
}

}  // namespace
}  // namespace labtwin::serving
