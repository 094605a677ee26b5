#include "models/calibration/column_unit.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labtwin::calibration {
namespace {

TEST(ColumnUnit, IsWhatTheNameEndsIn) {
  EXPECT_EQ(column_unit("lat_mean_us").quantity, "lat_mean");
  EXPECT_EQ(column_unit("lat_mean_us").unit, "us");
  EXPECT_EQ(column_unit("bw_mb_s").quantity, "bw");
  EXPECT_EQ(column_unit("bw_mb_s").unit, "mb_s");
  EXPECT_EQ(column_unit("iodepth").unit, "");
}

TEST(ColumnUnit, TellsAQuantityInAnotherUnit) {
  const std::vector<std::string> columns = {"lat_mean_ms", "lat_p99_us", "bs_kib"};
  EXPECT_EQ(in_another_unit("lat_mean_us", columns), "lat_mean_ms");
  EXPECT_EQ(in_another_unit("bs_bytes", columns), "bs_kib");
  EXPECT_FALSE(in_another_unit("lat_p99_us", columns).has_value());
  EXPECT_FALSE(in_another_unit("iops", columns).has_value());
}

}  // namespace
}  // namespace labtwin::calibration
