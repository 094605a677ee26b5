#include "models/calibration/write_phases.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace labtwin::calibration {
namespace {

std::vector<BytesPerSecond> rates(const std::vector<double>& values) {
  std::vector<BytesPerSecond> result;
  for (const double value : values) result.push_back(BytesPerSecond::from_base(value));
  return result;
}

TEST(WritePhases, OfAStepAreItsTwoRatesAndItsPlace) {
  const std::vector<double> written = {1, 2, 3, 4, 5, 6};
  const WritePhases phases = write_phases(written, rates({16, 16, 4, 4, 4, 4}));
  EXPECT_DOUBLE_EQ(phases.fast.value(), 16.0);
  EXPECT_DOUBLE_EQ(phases.after.value(), 4.0);
  ASSERT_TRUE(phases.cliff.has_value());
  EXPECT_DOUBLE_EQ(*phases.cliff, 2.0) << "half-way between the middles of the second and the third window";
}

TEST(WritePhases, TheFastRateIsAmountOverTime) {
  const std::vector<double> written = {2, 3, 4, 5};
  const WritePhases phases = write_phases(written, rates({20, 10, 1, 1}));
  EXPECT_DOUBLE_EQ(phases.fast.value(), 3.0 / (2.0 / 20.0 + 1.0 / 10.0));
}

TEST(WritePhases, ARunThatKeepsMostOfItsRateHasNoCliff) {
  const std::vector<double> written = {1, 2, 3};
  const WritePhases phases = write_phases(written, rates({10, 9, 8}));
  EXPECT_FALSE(phases.cliff.has_value());
  EXPECT_DOUBLE_EQ(phases.fast.value(), 3.0 / (0.1 + 1.0 / 9.0 + 0.125));
}

TEST(WritePhases, OneWindowIsAPhase) {
  const std::vector<double> written = {1};
  const WritePhases phases = write_phases(written, rates({7}));
  EXPECT_DOUBLE_EQ(phases.fast.value(), 7.0);
  EXPECT_DOUBLE_EQ(phases.after.value(), 7.0);
  EXPECT_FALSE(phases.cliff.has_value());
}

}  // namespace
}  // namespace labtwin::calibration
