#include "models/calibration/class_tail.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace labtwin::calibration {
namespace {

constexpr TailCoefficients kTrue = {0.5, 1.0, 1.2};

// Devices that differ by a level around the law of their class.
std::vector<DeviceTail> tails_of(int num_devices, double spread) {
  std::vector<DeviceTail> tails;
  for (int device = 0; device < num_devices; ++device) {
    for (double depth : {1.0, 4.0, 16.0, 64.0}) {
      const TailPoint point{.num_in_flight = depth, .num_jobs = 1.0, .slowdown = std::max(1.0, depth / 8.0)};
      tails.push_back(
          {fmt::format("drive {}", device), point, class_excess(kTrue, point) + spread * (device - 0.5 * (num_devices - 1))});
    }
  }
  return tails;
}

TEST(ClassTail, FindsTheLawOfAClassWithManyRows) {
  const auto tails = fit_class_tails({{"nvme randread", tails_of(21, 0.0)}});
  const ClassTail& tail = tails.at("nvme randread");
  for (std::size_t i = 0; i < kNumTailCoefficients; ++i) EXPECT_NEAR(tail.coefficients[i], kTrue[i], 0.1) << i;
  EXPECT_LT(tail.spread, 0.3);
}

TEST(ClassTail, HasTheSpreadOfDevicesThatWereLeftOut) {
  const auto tails = fit_class_tails({{"nvme randread", tails_of(21, 0.1)}});
  // Levels from -1 to 1: nine of ten lie within 0.9, a little more without themselves.
  EXPECT_NEAR(tails.at("nvme randread").spread, 0.95, 0.15);
}

TEST(ClassTail, TakesTheSpreadOfAllWhereDevicesAreFew) {
  const auto tails = fit_class_tails({{"nvme randread", tails_of(21, 0.1)}, {"hdd randread", tails_of(1, 0.0)}});
  EXPECT_EQ(tails.at("hdd randread").spread, tails.at(kAllClasses).spread);
  EXPECT_GT(tails.at("hdd randread").spread, 0.5);
}

}  // namespace
}  // namespace labtwin::calibration
