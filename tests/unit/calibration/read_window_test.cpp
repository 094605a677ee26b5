#include "models/calibration/read_window.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;

TEST(ReadWindow, LiesWhereLoneReadsBeginToStarve) {
  const std::vector<ReadBesideReads> rows = {{8_MiB, 400_ms}, {1_MiB, 3_ms}, {2_MiB, 5_ms}, {4_MiB, 300_ms}};
  EXPECT_NEAR(fit_read_window(rows)->value(), 2.0 * 1048576.0 * std::sqrt(2.0), 1.0);
}

TEST(ReadWindow, OneRunThatCameThroughDoesNotMoveIt) {
  const std::vector<ReadBesideReads> rows = {{1_MiB, 3_ms}, {2_MiB, 5_ms}, {4_MiB, 300_ms}, {8_MiB, 7_ms}, {16_MiB, 500_ms}};
  EXPECT_NEAR(fit_read_window(rows)->value(), 2.0 * 1048576.0 * std::sqrt(2.0), 1.0);
}

TEST(ReadWindow, IsNotKnownWhereNobodyStarves) {
  EXPECT_FALSE(fit_read_window({{1_MiB, 3_ms}, {16_MiB, 50_ms}}).has_value());
  EXPECT_FALSE(fit_read_window({}).has_value());
}

TEST(ReadWindow, ReadsLoneReadsBesideStreams) {
  const MeasurementTable table = MeasurementTable::from_csv(
      CsvTable::from_text("pairs.csv",
                          "fg_rw,fg_iodepth,bg_rw,bg_bs_bytes,bg_iodepth,fg_lat_p99_us\n"
                          "randread,1,read,262144,8,5000\nrandread,1,write,131072,1,900\nrandread,4,read,262144,8,5000\n"));
  const std::vector<ReadBesideReads> rows = reads_beside_reads(table);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_DOUBLE_EQ(rows[0].in_flight.value(), 8.0 * 262144.0);
  EXPECT_DOUBLE_EQ(rows[0].p99.value(), 0.005);
}

}  // namespace
}  // namespace labtwin::calibration
