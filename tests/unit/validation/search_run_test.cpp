#include "sim/validation/search_run.hpp"

#include <gtest/gtest.h>

#include <string>

#include "models/base/error.hpp"
#include "sim/validation/search_replay.hpp"

namespace labtwin::validation {
namespace {

using namespace labtwin::literals;

/// A row whose job is described by the cells bg_kind, bg_target, bg_target_unit, bg_block, bg_iodepth, bg_cpu_policy and
/// bg_actual_write_MBps.
SearchRun run_beside(const std::string& job) {
  const std::string text =
      "host,search_mode,dim,n_vectors,search_param,reads_in_flight_W,query_threads,bg_kind,bg_target,bg_target_unit,bg_block,"
      "bg_iodepth,bg_cpu_policy,bg_actual_write_MBps\nnode,beam,384,200000,50,4,1," +
      job + "\n";
  return read_search_run(calibration::MeasurementTable::from_csv(CsvTable::from_text("runs.csv", text)), 0);
}

const std::string kFifo = "SCHED_FIFO (gets its CPU)";
const std::string kStarved = "nice -10 (starved when the cores are busy)";

TEST(SearchRun, AJobThatMeetsItsTargetKeepsItsSchedule) {
  const SearchRun run = run_beside("seqwrite,200,MB/s,1m,8," + kFifo + ",199");
  EXPECT_TRUE(run.job.keeps_schedule);
  EXPECT_FALSE(run.job.is_behind);
  EXPECT_DOUBLE_EQ(run.job.rate_limit->value(), 199e6);
  EXPECT_DOUBLE_EQ(run.job.block_size.value(), 1048576.0);
  EXPECT_EQ(regime_of(run, 1_MiB), Regime::Limited);
}

TEST(SearchRun, AJobThatMissesItsTargetIsBehindAsOneWithoutATarget) {
  for (const std::string target : {"600", "max"}) {
    const SearchRun run = run_beside("seqwrite," + target + ",MB/s,1m,8," + kFifo + ",540");
    EXPECT_TRUE(run.job.is_behind);
    EXPECT_FALSE(run.job.keeps_schedule);
    EXPECT_FALSE(run.job.rate_limit.has_value());
    EXPECT_EQ(regime_of(run, 1_MiB), Regime::Saturated);
  }
}

TEST(SearchRun, AJobThatWaitsForItsProcessorDoesNotSaturateTheDrive) {
  EXPECT_EQ(regime_of(run_beside("seqread,max,MB/s,1m,8," + kStarved + ",250"), 1_MiB), Regime::Limited);
}

TEST(SearchRun, AReaderThatOverflowsTheWindowOfTheDriveStarvesTheSearches) {
  EXPECT_EQ(regime_of(run_beside("seqread,max,MB/s,1m,8," + kFifo + ",1000"), 2_MiB), Regime::Starved);
  EXPECT_EQ(regime_of(run_beside("seqread,max,MB/s,1m,1," + kFifo + ",1000"), 2_MiB), Regime::Saturated);
}

TEST(SearchRun, ATargetInIopsCountsBlocks) {
  EXPECT_DOUBLE_EQ(run_beside("randwrite,3000,IOPS,16k,16," + kFifo + ",").job.rate_limit->value(), 3000.0 * 16384.0);
}

TEST(SearchRun, AnUnknownJobCannotBeReplayed) {
  EXPECT_THROW(run_beside("trim,10,MB/s,1m,8," + kFifo + ",10"), ModelError);
}

TEST(DriveOfRun, TheRateOfAJobThatIsBehindTellsTheBandwidthOfItsMinute) {
  ReplayHost host;
  host.drive.sequential_write = {.latency_floor = 60_us,
                                 .stream_bandwidth = 10000_MBps,
                                 .max_iops = PerSecond::from_base(1e5),
                                 .bandwidth = 1200_MBps,
                                 .knee = 3.0,
                                 .tail = {}};
  const SearchRun run = run_beside("seqwrite,max,MB/s,1m,32," + kFifo + ",1100");
  const Seconds work =
      make_queue_depth_curve(drive_of_run(run, host))
          ->work({.direction = storage::Direction::Write, .pattern = storage::Pattern::Sequential, .block_size = 1_MiB});
  // Deep windows run at the bandwidth.
  EXPECT_NEAR((1_MiB / work).value(), 1100e6, 15e6);
}

TEST(DriveOfRun, BesideAJobOnScheduleTheBytesOfReadsTakeLonger) {
  ReplayHost host;
  host.host.job.pacing_slowdown = 1.4;
  host.drive.random_read.stream_bandwidth = 1400_MBps;
  host.drive.random_read.bandwidth = 2800_MBps;
  const storage::QueueDepthParameters drive = drive_of_run(run_beside("randwrite,3000,IOPS,16k,16," + kFifo + ",50"), host);
  EXPECT_DOUBLE_EQ(drive.random_read.stream_bandwidth.value(), 1e9);
  EXPECT_DOUBLE_EQ(drive.random_read.bandwidth.value(), 2e9);
  EXPECT_DOUBLE_EQ(drive_of_run(run_beside("none,0,MB/s,-,0,,0"), host).random_read.bandwidth.value(), 2.8e9);
}

}  // namespace
}  // namespace labtwin::validation
