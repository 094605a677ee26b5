#include "models/calibration/departure.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

LoopPoint loop(double depth, double jobs = 1.0) {
  return {.num_in_flight = depth * jobs, .num_jobs = jobs};
}

TEST(Departure, WithoutMeasurementsIsZeroAndAllUnknown) {
  const Departure::Value value = Departure().at(loop(8));
  EXPECT_EQ(value.mean, 0.0);
  EXPECT_EQ(value.unknown_share, 1.0);
}

TEST(Departure, OfOneMeasurementShrinksByItsNoiseAndFadesWithTheDistance) {
  const std::vector<LoopResidual> residuals = {{loop(4), 0.21}};
  const Departure departure(residuals);
  // There: mean 0.21 / 1.05; unknown (1 - 1 / 1.05 + 0.05) / 1.05.
  EXPECT_NEAR(departure.at(loop(4)).mean, 0.2, 1e-12);
  EXPECT_NEAR(departure.at(loop(4)).unknown_share, (1.0 - 1.0 / 1.05 + 0.05) / 1.05, 1e-12);
  // Twice as deep: the correlation is exp(-ln 2 / 6).
  const double near = std::exp(-std::log(2.0) / 6.0);
  EXPECT_NEAR(departure.at(loop(8)).mean, 0.2 * near, 1e-12);
  EXPECT_NEAR(departure.at(loop(8)).unknown_share, (1.0 - near * near / 1.05 + 0.05) / 1.05, 1e-12);
}

TEST(Departure, OfRepeatedRunsIsTheOneInTheMiddleWithLessNoise) {
  const std::vector<LoopResidual> residuals = {{loop(4), -0.9}, {loop(4), 0.3}, {loop(4), 0.2}};
  EXPECT_NEAR(Departure(residuals).at(loop(4)).mean, 0.2 / (1.0 + 0.05 / 3.0), 1e-12);
}

TEST(Departure, IsLeastKnownBetweenAndBeyondTheMeasuredDepths) {
  const std::vector<LoopResidual> residuals = {{loop(1), 0.1}, {loop(16), -0.1}};
  const Departure departure(residuals);
  EXPECT_NEAR(departure.at(loop(4)).mean, 0.0, 1e-12);
  EXPECT_LT(departure.at(loop(16)).unknown_share, departure.at(loop(4)).unknown_share);
  EXPECT_LT(departure.at(loop(4)).unknown_share, departure.at(loop(1024)).unknown_share);
}

TEST(Departure, OfOtherJobsIsMostlyTheSameAndLessKnown) {
  const std::vector<LoopResidual> residuals = {{loop(16), 0.1}};
  const Departure departure(residuals);
  // Four jobs instead of one: 0.8 in common and half of the rest.
  EXPECT_NEAR(departure.at(loop(4, 4)).mean, 0.9 * departure.at(loop(16)).mean, 1e-12);
  const double known = 0.9 * 0.9 / 1.05 * std::exp(-2.0 * std::log(4.0) / 6.0);
  EXPECT_NEAR(departure.at(loop(4, 4)).unknown_share, (1.0 - known + 0.05) / 1.05, 1e-12);
  EXPECT_TRUE(departure.at(loop(4, 4)).of_other_jobs);
  EXPECT_FALSE(departure.at(loop(64)).of_other_jobs);
  EXPECT_FALSE(Departure().at(loop(4, 4)).of_other_jobs);
}

TEST(Departure, KeepsMeasuredJobsApart) {
  // Several streams defeat the prefetch that one has.
  const std::vector<LoopResidual> residuals = {{loop(16), 0.3}, {loop(4, 4), -0.3}};
  const Departure departure(residuals);
  EXPECT_GT(departure.at(loop(16)).mean, 0.05);
  EXPECT_LT(departure.at(loop(4, 4)).mean, -0.05);
  EXPECT_NEAR(departure.at(loop(8, 2)).mean, 0.0, 1e-12);
}

}  // namespace
}  // namespace labtwin::calibration
