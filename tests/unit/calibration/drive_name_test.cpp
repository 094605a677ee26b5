#include "models/calibration/drive_name.hpp"

#include <gtest/gtest.h>

namespace labtwin::calibration {
namespace {

bool same_model(std::string_view known, std::string_view asked) {
  return is_same_model(drive_name(known), drive_name(asked));
}

TEST(DriveName, TellsTheModelFromTheSize) {
  const DriveName name = drive_name("Samsung PM9A3 3.84TB (in a server)");
  EXPECT_EQ(name.words, (std::set<std::string>{"samsung", "pm", "9", "a", "3"}));
  EXPECT_DOUBLE_EQ(name.capacity_gb.value(), 3840.0);
  EXPECT_DOUBLE_EQ(drive_name("NVMe Samsung 960EVO_500 GB").capacity_gb.value(), 500.0);
  EXPECT_FALSE(drive_name("Kioxia CD8").capacity_gb.has_value());
}

TEST(DriveName, OneModelComesInManySizes) {
  EXPECT_TRUE(same_model("Samsung PM9A3 960GB", "NVMe Samsung PM9A3 3.84TB"));
  EXPECT_TRUE(same_model("Samsung 860 PRO", "SSD Samsung 860Pro_1TB"));
}

TEST(DriveName, AWordMoreMayBeAnotherModel) {
  EXPECT_FALSE(same_model("Samsung 980 1TB", "Samsung 980 PRO 1TB"));
  EXPECT_FALSE(same_model("Crucial P5 1TB", "Crucial P5 Plus 1TB"));
  EXPECT_FALSE(same_model("Samsung 990 PRO 1TB", "Samsung 980 PRO 1TB"));
}

TEST(DriveName, AMakerIsNoModel) {
  EXPECT_FALSE(same_model("HDD 500GB", "8x 2TB HDD RAID5"));
  EXPECT_FALSE(same_model("Crucial 250GB", "Crucial 240GB"));
}

}  // namespace
}  // namespace labtwin::calibration
