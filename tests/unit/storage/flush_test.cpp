#include "models/storage/flush.hpp"

#include <gtest/gtest.h>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

TEST(Flush, FdatasyncIsOneFlushAndFsyncTwoWithTheJournalBetween) {
  // A write of a block takes its floor of 20 us.
  const QueueDepthClass c = sharp(20_us, 1000_MBps);
  const auto law = make_queue_depth_curve({c, c, c, c});
  EXPECT_EQ(sync_time(*law, 1_ms, SyncCall::None), 0_s);
  EXPECT_EQ(sync_time(*law, 1_ms, SyncCall::Fdatasync), 1_ms);
  EXPECT_NEAR(sync_time(*law, 1_ms, SyncCall::Fsync).value(), 2.04e-3, 1e-9);
}

TEST(Flush, PowerLossProtectionTakesTheFlushAwayButNotTheRoundTrips) {
  const QueueDepthClass c = sharp(20_us, 1000_MBps);
  const auto law = make_queue_depth_curve({c, c, c, c});
  EXPECT_NEAR(sync_time(*law, 0_s, SyncCall::Fsync).value(), 40e-6, 1e-9);
}

TEST(Flush, ASyncedWriterOnTheSimulatedDrivePaysItPerBlock) {
  // 1 MiB takes 1.048576 ms, and 1 ms of flush follows each of 100 blocks but the last.
  DriveUnderTest drive(one_gigabyte_per_second());
  BulkJob job;
  job.direction = Direction::Write;
  job.block_size = 1_MiB;
  job.total = 100_MiB;
  job.think_time = 1_ms;
  drive->start_bulk(0_s, 1, job);
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 100 * 1.048576e-3 + 99 * 1e-3, 2e-3);
}

}  // namespace
}  // namespace labtwin::storage
