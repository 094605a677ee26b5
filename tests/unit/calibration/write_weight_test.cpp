#include "models/calibration/write_weight.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/base/csv.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;

std::unique_ptr<storage::DriveLaw> drive() {
  const storage::QueueDepthClass c{
      .latency_floor = 80_us, .stream_bandwidth = 2000_MBps, .max_iops = 400000_per_s, .bandwidth = 1000_MBps, .knee = 1.5};
  return storage::make_queue_depth_curve({c, c, c, c});
}

ReadsBesideWrites loop(unsigned depth) {
  return {.read_size = 4_KiB, .read_depth = depth, .write_size = 128_KiB, .write_rate = 250_MBps};
}

TEST(WriteWeight, IsFoundAgainFromSimulatedReads) {
  const auto law = drive();
  for (double weight : {0.5, 1.0, 3.0}) {
    std::vector<ReadsBesideWrites> rows = {loop(1), loop(4)};
    for (ReadsBesideWrites& row : rows) row.read_latency = simulated_read_latency(*law, row, weight);
    EXPECT_NEAR(fit_write_weight(*law, rows) / weight, 1.0, 0.02) << weight;
  }
}

TEST(WriteWeight, IsZeroWhereReadsWereNotHindered) {
  const auto law = drive();
  ReadsBesideWrites row = loop(1);
  row.read_latency = 0.9 * simulated_read_latency(*law, row, 0.0);
  EXPECT_NEAR(fit_write_weight(*law, {row}), 0.0, 1e-3);
}

TEST(WriteWeight, HindersReadsMoreTheHeavierItIs) {
  const auto law = drive();
  Seconds before;
  for (double weight : {0.0, 0.5, 1.0, 2.0, 4.0}) {
    const Seconds latency = simulated_read_latency(*law, loop(4), weight);
    EXPECT_GT(latency, before) << weight;
    before = latency;
  }
}

TEST(WriteWeight, TakesShallowLoopsBesideWritesThatKeptTheirRate) {
  MeasurementTable table("pairs", {"fg_rw", "fg_bs_bytes", "fg_iodepth", "fg_numjobs", "fg_rate_target_iops", "bg_rw",
                                   "bg_bs_bytes", "bg_rate_target_mb_s", "bg_mb_s", "fg_lat_mean_us"});
  table.add_row({"randread", "4096", "4", "1", "", "write", "131072", "100", "99", "120"});
  table.add_row({"randread", "4096", "64", "1", "", "write", "131072", "100", "99", "900"});     // too deep
  table.add_row({"randread", "4096", "4", "1", "", "write", "131072", "100", "50", "500"});      // saturated
  table.add_row({"randread", "4096", "4", "1", "5000", "write", "131072", "100", "99", "120"});  // open loop
  table.add_row({"randread", "4096", "4", "1", "", "none", "", "", "", "90"});                   // alone
  const std::vector<ReadsBesideWrites> rows = reads_beside_writes(table);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].read_depth, 4U);
  EXPECT_NEAR(rows[0].write_rate.value(), 99e6, 1.0);
  EXPECT_NEAR(rows[0].read_latency.value(), 120e-6, 1e-12);
}

}  // namespace
}  // namespace labtwin::calibration
