#include "models/calibration/class_prior.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace labtwin::calibration {
namespace {

TEST(ClassPriors, ReadBackAsTheyWereWritten) {
  const std::string text = ClassPriors::shipped().to_toml();
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "drives.toml";
  std::ofstream(path) << text;
  EXPECT_EQ(ClassPriors::read(path).to_toml(), text);
}

TEST(ClassPriors, TakeAPoolForAVirtualDiskAndAnUnknownDriveForNvme) {
  const ClassPriors& priors = ClassPriors::shipped();
  const auto floor = [&](const char* drive_class) { return priors.find(drive_class, "randread").log_floor_s; };
  EXPECT_EQ(floor("zfs").mean, floor("virt").mean);
  EXPECT_EQ(floor("never heard of").mean, floor("nvme").mean);
  EXPECT_EQ(floor("never heard of").sigma, 2.0 * floor("nvme").sigma);
}

TEST(ClassPrior, GivesSeveralDrivesTheRateOfAll) {
  const ClassPrior prior = ClassPriors::shipped().find("nvme", "randread");
  const Prior host{std::log(3e5), 0.2};
  const CurvePrior one = prior.at(Bytes::from_base(4096.0), host);
  const CurvePrior eight = prior.at(Bytes::from_base(4096.0), host, 8.0);
  EXPECT_NEAR(eight.parameters[1].mean - one.parameters[1].mean, std::log(8.0), 1e-12);
  EXPECT_EQ(eight.parameters[0].mean, one.parameters[0].mean);
}

}  // namespace
}  // namespace labtwin::calibration
