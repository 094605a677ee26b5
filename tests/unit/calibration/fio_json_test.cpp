#include "models/calibration/fio_json.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"

namespace labtwin::calibration {
namespace {

constexpr const char* kMixed = R"({"fio version": "fio-3.33", "timestamp": 1700000000,
 "global options": {"ioengine": "io_uring", "bs": "4k"},
 "jobs": [{"jobname": "mix", "error": 0, "job options": {"rw": "randrw", "rwmixread": "70", "iodepth": "8", "numjobs": "2"},
  "read": {"iops": 700.0, "bw_bytes": 2867200, "runtime": 5000, "lat_ns": {"mean": 150000.0},
           "clat_ns": {"percentile": {"50.000000": 140000, "99.000000": 300000}}},
  "write": {"iops": 300.0, "bw_bytes": 1228800, "runtime": 5000, "lat_ns": {"mean": 20000.0}}}],
 "disk_util": [{"name": "nvme0n1"}]})";

std::string one_read(const char* more, double iops = 10000.0) {
  return R"({"fio version": "fio-3.33", "jobs": [{"jobname": "r", "error": 0, "job options": {"rw": "randread", "bs": "4096",
   "iodepth": "1"}, "read": {"iops": )" +
         std::to_string(iops) + R"(, "bw_bytes": 40960000, "lat_ns": {"mean": 98000.0}, )" + more + "}}]}";
}

TEST(FioJson, ReadsBothHalvesOfAMix) {
  MeasurementTable table = fio_table("t");
  append_fio_json(table, "mix.json", kMixed, {.device = "d", .drive_class = {}, .drive_interface = {}});
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.text(0, "part"), "read");
  EXPECT_EQ(table.text(1, "part"), "write");
  EXPECT_EQ(table.text(0, "class"), "nvme");
  EXPECT_EQ(table.text(0, "ioengine"), "io_uring");
  EXPECT_EQ(table.text(0, "date"), "2023-11-14");
  EXPECT_DOUBLE_EQ(*table.number(0, "bs_bytes"), 4096.0);
  EXPECT_DOUBLE_EQ(*table.number(0, "rwmix_read_pct"), 70.0);
  EXPECT_DOUBLE_EQ(*table.number(0, "lat_mean_us"), 150.0);
  EXPECT_DOUBLE_EQ(*table.number(0, "lat_p99_us"), 300.0);
  EXPECT_FALSE(table.number(1, "lat_p50_us").has_value());
  EXPECT_EQ(table.split(0), Split::Fit);
}

TEST(FioJson, FlagsRunsThatCannotBeTrue) {
  const auto flag = [](const std::string& text) {
    MeasurementTable table = fio_table("t");
    append_fio_json(table, "r.json", text, {});
    EXPECT_EQ(table.split(0) == Split::Neither, !table.text(0, "flag").empty());
    return std::string(table.text(0, "flag"));
  };
  EXPECT_EQ(flag(one_read(R"("runtime": 2000)")), "");
  EXPECT_NE(flag(one_read(R"("runtime": 300)")).find("too short"), std::string::npos);
  EXPECT_NE(flag(one_read(R"("runtime": 2000)", 5000.0)).find("depth"), std::string::npos);
}

TEST(FioJson, RefusesWhatIsNoOutputOfFio) {
  MeasurementTable table = fio_table("t");
  EXPECT_THROW(append_fio_json(table, "cut.json", R"({"fio version": "fio-3.33", "jobs": [{"read": )", {}), ConfigError);
  EXPECT_THROW(append_fio_json(table, "none.json", R"({"fio version": "fio-3.33"})", {}), ConfigError);
  EXPECT_THROW(append_fio_json(table, "list.json", "[1, 2]", {}), ConfigError);
  EXPECT_FALSE(is_fio_json(R"({"intervals": []})"));
  EXPECT_TRUE(is_fio_json(kMixed));
}

}  // namespace
}  // namespace labtwin::calibration
