#include "models/workload/arrival.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace labtwin::workload {
namespace {

using namespace labtwin::literals;

TEST(PoissonArrivals, GapsHaveTheMeanAndSpreadOfAnExponential) {
  const PoissonArrivals arrivals(2.0_per_s, RandomSource(1, 0).stream("test.arrivals"));
  constexpr int kNum = 20'000;
  Seconds previous;
  double sum = 0.0;
  double squares = 0.0;
  for (std::uint64_t index = 0; index < kNum; ++index) {
    const Seconds at = arrivals.next(index, previous).value();
    const double gap = (at - previous).value();
    ASSERT_GE(gap, 0.0);
    sum += gap;
    squares += gap * gap;
    previous = at;
  }
  const double mean = sum / kNum;
  const double deviation = std::sqrt(squares / kNum - mean * mean);
  // Standard error of the mean of 20,000 exponentials is 0.7 %, of the deviation about 1 %; four of each.
  EXPECT_NEAR(mean, 0.5, 0.5 * 0.028);
  EXPECT_NEAR(deviation, 0.5, 0.5 * 0.04);
}

TEST(PoissonArrivals, GapOfAnArrivalDoesNotDependOnTheOthers) {
  const PoissonArrivals arrivals(2.0_per_s, RandomSource(1, 0).stream("test.arrivals"));
  const Seconds gap = arrivals.next(7, 0_s).value();
  EXPECT_NEAR((arrivals.next(7, 100_s).value() - 100_s).value(), gap.value(), 1e-12);
}

TEST(TraceArrivals, PlaysTheTimesAndEnds) {
  const TraceArrivals arrivals({0_s, 4_s}, 2.0);
  EXPECT_DOUBLE_EQ(arrivals.next(1, 0_s).value().value(), 2.0);
  EXPECT_FALSE(arrivals.next(2, 2_s).has_value());
}

}  // namespace
}  // namespace labtwin::workload
