#include "models/calibration/tail_process.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

Seconds us(double value) {
  return Seconds::from_base(value * 1e-6);
}

TailPoint at_depth(double depth, double jobs = 1.0) {
  return {.num_in_flight = depth, .num_jobs = jobs, .slowdown = 1.0};
}

TEST(TailExcess, IsLogarithmicFarFromTheMeanAndLinearNearIt) {
  const TailScale scale{us(100), us(50)};
  // arsinh(z) is ln(2 z) far out and z near 0; z counts 0.3 floors.
  EXPECT_NEAR(tail_excess(us(100 + 15 * 1e4), scale), std::log(2e4), 1e-6);
  EXPECT_NEAR(tail_excess(us(100 + 0.015), scale), 1e-3, 1e-8);
  EXPECT_LT(tail_excess(us(90), scale), 0.0);
}

TEST(TailExcess, GivesTheQuantileBack) {
  const TailScale scale{us(3000), us(12)};
  for (double quantile : {100.0, 2900.0, 3000.0, 3010.0, 9000.0}) {
    EXPECT_NEAR(quantile_at(tail_excess(us(quantile), scale), scale).value(), quantile * 1e-6, 1e-12);
  }
}

TEST(TailExcess, NeverPutsAQuantileBelowAFiftiethOfTheMean) {
  EXPECT_NEAR(quantile_at(-20.0, {us(100), us(100)}).value(), 2e-6, 1e-15);
}

TEST(ClassExcess, IsTheLevelForOneIoAlone) {
  const TailCoefficients c = {0.7, 2.0, 1.5};
  EXPECT_EQ(class_excess(c, at_depth(1)), 0.7);
  EXPECT_NEAR(class_excess(c, {.num_in_flight = 4.0, .num_jobs = 1.0, .slowdown = std::exp(1.0)}), 0.7 + 1.5 + 1.5, 1e-12);
}

TEST(TailProcess, OfNothingIsTheClass) {
  const TailProcess process({}, {0.7, 2.0, 1.5});
  EXPECT_FALSE(process.measured());
  EXPECT_NEAR(process.at(at_depth(2)).excess, 1.7, 1e-12);
}

// A queue that moves mean and p99 alike: 300 us between them at any depth.
std::vector<TailMeasurement> saturated(const std::vector<double>& depths) {
  std::vector<TailMeasurement> measurements;
  for (double depth : depths)
    measurements.push_back(measure_tail(at_depth(depth), us(50 * depth + 300), {us(50 * depth), us(50)}));
  return measurements;
}

TEST(TailProcess, KeepsTheDistanceFromTheMeanAsAQueueGrows) {
  const TailProcess process(saturated({4, 16, 64}), {});
  for (double depth : {8.0, 32.0, 128.0, 512.0}) {
    const TailScale scale{us(50 * depth), us(50)};
    const double predicted = quantile_at(process.at(at_depth(depth)).excess, scale) / scale.mean;
    EXPECT_NEAR(predicted, (50 * depth + 300) / (50 * depth), 0.02 * predicted) << depth;
  }
}

TEST(TailProcess, IsLessSureBetweenAndBeyondTheMeasuredDepths) {
  const TailProcess process(saturated({1, 16}), {});
  EXPECT_LT(process.at(at_depth(16)).variance, process.at(at_depth(4)).variance);
  EXPECT_LT(process.at(at_depth(4)).variance, process.at(at_depth(1024)).variance);
  EXPECT_NEAR(process.at(at_depth(16, 4)).excess, process.at(at_depth(16)).excess, 0.05);
  EXPECT_LT(process.at(at_depth(16)).variance, process.at(at_depth(16, 4)).variance);
}

TEST(TailProcess, OfOneDepthHasTheShapeOfItsClassAtItsOwnLevel) {
  const TailCoefficients of_class = {1.0, 2.0, 0.0};
  // Measured half as far again above the class at depth 1; the level takes 2 / (2 + noise) of it.
  const TailMeasurement measured{.point = at_depth(1), .excess = 1.5, .sigma = 0.05};
  const TailProcess process(std::vector<TailMeasurement>{measured}, of_class);
  const double level = 1.0 + 0.04 * 4.0;  // with the drift at ln N = 0
  EXPECT_NEAR(process.at(at_depth(1)).excess, 1.0 + 0.5 * (level + 1.0) / (level + 1.0 + 0.0025), 1e-12);
  EXPECT_GT(process.at(at_depth(64)).excess, 3.0);
}

}  // namespace
}  // namespace labtwin::calibration
