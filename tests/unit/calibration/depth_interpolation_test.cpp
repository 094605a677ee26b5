#include "models/calibration/depth_interpolation.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace labtwin::calibration {
namespace {

FioRow row(double depth, double jobs, double iops) {
  FioRow r;
  r.point = {.num_in_flight = depth * jobs, .num_jobs = jobs};
  r.iops = iops;
  r.latency_us = 1e6 * depth * jobs / iops;
  return r;
}

DepthInterpolation line(const std::vector<FioRow>& rows) {
  std::vector<const FioRow*> pointers;
  for (const FioRow& r : rows) pointers.push_back(&r);
  return DepthInterpolation(pointers);
}

TEST(DepthInterpolation, IsThePowerLawBetweenTwoPoints) {
  const auto figures = line({row(1, 1, 1e4), row(16, 1, 4e4)}).at({.num_in_flight = 4.0});
  EXPECT_NEAR(figures.iops.value_or(0.0), 2e4, 1e-6);
  EXPECT_NEAR(figures.latency_us.value_or(0.0), 4e6 / 2e4, 1e-6);
}

TEST(DepthInterpolation, KeepsTheRateBeyondTheLastPoint) {
  const auto figures = line({row(1, 1, 1e4), row(16, 1, 4e4)}).at({.num_in_flight = 64.0});
  EXPECT_NEAR(figures.iops.value_or(0.0), 4e4, 1e-6);
  EXPECT_NEAR(figures.latency_us.value_or(0.0), 64e6 / 4e4, 1e-6);
}

TEST(DepthInterpolation, KnowsNothingOfOtherJobsNorFromOneDepth) {
  const std::vector<FioRow> rows = {row(1, 1, 1e4), row(16, 1, 4e4), row(1, 4, 4e4)};
  EXPECT_FALSE(line(rows).at({.num_in_flight = 16.0, .num_jobs = 8.0}).iops.has_value());
  EXPECT_FALSE(line(rows).at({.num_in_flight = 16.0, .num_jobs = 4.0}).iops.has_value());
}

}  // namespace
}  // namespace labtwin::calibration
