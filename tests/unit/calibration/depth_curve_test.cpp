#include "models/calibration/depth_curve.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

const DepthCurve kFlash{.latency_floor = 70_us,
                        .drive_iops = 800000_per_s,
                        .knee = 1.4,
                        .host_iops = 383000_per_s,
                        .depth_exponent = 1.0,
                        .fade = 0.0,
                        .slots = 1e9};

CurvePrior prior() {
  CurvePrior p;
  p.parameters = {{{std::log(80e-6), 0.3},
                   {std::log(6e5), 0.9},
                   {std::log(1.4), 0.5},
                   {std::log(3.3e5), 0.3},
                   {1.0, 0.05, true},
                   {0.0, 0.005, true}}};
  return p;
}

TEST(DepthCurve, ReturnsTheLatencyFloorAtDepthOne) {
  // The drive's own limit lengthens it by (1 + (1/56)^1.4)^(1/1.4) = 1.0025.
  EXPECT_NEAR(1e6 / loop_rate(kFlash, {}).iops.value(), 70.0 * 1.0025, 0.05);
}

TEST(DepthCurve, IsLimitedByTheHostOncePerJob) {
  EXPECT_NEAR(loop_rate(kFlash, {256.0, 1.0}).iops.value(), 383000.0, 400.0);
  const double two_jobs = loop_rate(kFlash, {512.0, 2.0}).iops.value();
  EXPECT_GT(two_jobs, 700000.0);
  EXPECT_LT(two_jobs, 766000.0);
}

TEST(DepthCurve, GivesEachFurtherJobALittleLessOfTheHost) {
  DepthCurve array = kFlash;
  array.drive_iops = 1e8 * 1_per_s;
  const auto at = [&](double jobs) { return loop_rate(array, {512.0 * jobs, jobs}).iops / array.host_iops; };
  // Measured over eight drives with 2, 4 and 10 jobs on as many cores: 1.93, 3.73 and 7.98 times one job.
  EXPECT_NEAR(at(2.0) / at(1.0), 1.93, 0.05);
  EXPECT_NEAR(at(4.0) / at(1.0), 3.73, 0.05);
  EXPECT_NEAR(at(10.0) / at(1.0), 7.98, 0.4);
}

TEST(DepthCurve, FreesIosOfTheHindranceInOtherQueuesThanTheirOwn) {
  DepthCurve hindered = kFlash;
  hindered.drive_iops = 1e8 * 1_per_s;
  hindered.depth_exponent = 0.6;
  const PerSecond shared = loop_rate(hindered, {16.0, 4.0}).iops;
  hindered.queue_relief = 1.0;
  // Four jobs of depth 4 that do not feel each other at all.
  const PerSecond alone = loop_rate(hindered, {4.0, 1.0}).iops;
  EXPECT_NEAR(loop_rate(hindered, {16.0, 4.0}).iops / (4.0 * alone), 1.0, 0.03);
  EXPECT_LT(shared, 3.0 * alone);
  // Where nothing hinders, jobs change nothing below saturation.
  DepthCurve free = kFlash;
  const PerSecond without = loop_rate(free, {16.0, 4.0}).iops;
  free.queue_relief = 1.0;
  EXPECT_EQ(loop_rate(free, {16.0, 4.0}).iops, without);
}

TEST(DepthCurve, StopsGainingBeyondTheSlotsOfTheDrive) {
  const DepthCurve disk{.latency_floor = 12_ms,
                        .drive_iops = 100000_per_s,
                        .knee = 2.0,
                        .host_iops = 100000_per_s,
                        .depth_exponent = 0.15,
                        .fade = 0.0,
                        .slots = 32.0};
  const double at_32 = loop_rate(disk, {32.0, 1.0}).iops.value();
  EXPECT_NEAR(at_32, std::pow(32.0, 0.15) / 0.012, 0.1);
  EXPECT_NEAR(loop_rate(disk, {256.0, 1.0}).iops.value(), at_32, 0.1);
}

TEST(CurveFit, RecoversACurveFromFourOfItsPointsAndPredictsBetween) {
  std::vector<LoopMeasurement> points;
  for (double depth : {1.0, 4.0, 16.0, 64.0}) points.push_back({{depth, 1.0}, loop_rate(kFlash, {depth, 1.0}).iops});
  const CurveFit fit = fit_curve(points, prior());
  for (double depth : {2.0, 8.0, 32.0, 128.0, 256.0}) {
    const double ratio = loop_rate(fit.curve, {depth, 1.0}).iops / loop_rate(kFlash, {depth, 1.0}).iops;
    EXPECT_NEAR(ratio, 1.0, 0.02) << depth;
  }
  EXPECT_LT(fit.log_sigma({8.0, 1.0}), 0.05);
}

TEST(CurveFit, IsThePriorWithItsSpreadWithoutMeasurements) {
  const CurveFit fit = fit_curve({}, prior());
  EXPECT_NEAR(fit.curve.latency_floor.value() * 1e6, 80.0, 1e-9);
  EXPECT_NEAR(fit.log_sigma({}), 0.3, 0.01);
}

}  // namespace
}  // namespace labtwin::calibration
