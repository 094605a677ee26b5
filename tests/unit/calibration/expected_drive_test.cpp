#include "models/calibration/expected_drive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace labtwin::calibration {
namespace {

class ExpectedDriveTest : public testing::Test {
 protected:
  ClassPrior prior(std::string_view device, std::string_view drive_class, std::string_view operation) const {
    const CatalogDrive* found = drives_.find_model(device);
    const CatalogDrive* sheet = found != nullptr && found->is_datasheet() ? found : nullptr;
    return ExpectedDrive(device, drive_class, sheet).prior(ClassPriors::shipped(), operation);
  }

  CatalogDrives drives_;
};

TEST_F(ExpectedDriveTest, WithoutADatasheetIsItsClass) {
  const ClassPrior expected = prior("a drive without a name", "nvme", "randread");
  EXPECT_DOUBLE_EQ(expected.log_iops.mean, ClassPriors::shipped().find("nvme", "randread").log_iops.mean);
}

TEST_F(ExpectedDriveTest, ReadsAsItsDatasheetSays) {
  EXPECT_NEAR(std::exp(prior("Samsung PM9A3 960GB", "nvme", "randread").log_iops.mean), 580e3, 1.0);
}

TEST_F(ExpectedDriveTest, WritesFreshAtItsSequentialRate) {
  // 1.5 GB/s in blocks of 4 KiB, not the 70,000 of a full drive.
  EXPECT_NEAR(std::exp(prior("Samsung PM9A3 960GB", "nvme", "randwrite").log_iops.mean), 1.5e9 / 4096.0, 1.0);
}

TEST_F(ExpectedDriveTest, ALargerOneOfTheModelIsFaster) {
  const double small = prior("Samsung PM9A3 3.84TB", "nvme", "randread").log_iops.mean;
  const double large = prior("Samsung PM9A3 7.68TB", "nvme", "randread").log_iops.mean;
  EXPECT_NEAR(large - small, 0.4 * std::log(2.0), 1e-9);
}

TEST_F(ExpectedDriveTest, ThePathLimitsWhatADatasheetPromises) {
  const ClassPrior expected = prior("Kingston DC600M 960GB", "sata_ssd", "randread");
  EXPECT_NEAR(std::exp(expected.log_iops.mean), expected.path_iops->value(), 1.0);
}

TEST_F(ExpectedDriveTest, AFasterDiskSeeksSooner) {
  const double usual = prior("a disk 7200rpm", "hdd", "randread").log_floor_s.mean;
  EXPECT_NEAR(prior("a disk 10000rpm", "hdd", "randread").log_floor_s.mean - usual, 1.3 * std::log(0.72), 1e-9);
}

TEST_F(ExpectedDriveTest, DatasheetsOfTheCatalogTellRates) {
  const std::vector<DatasheetRate> rates = datasheet_rates(drives_, ClassPriors::shipped());
  const auto sata = std::count_if(rates.begin(), rates.end(), [](const auto& r) { return r.drive_class == "sata_ssd"; });
  EXPECT_GE(sata, 3);
  for (const DatasheetRate& rate : rates) EXPECT_GT(rate.iops.value(), 1e4) << rate.part;
}

}  // namespace
}  // namespace labtwin::calibration
