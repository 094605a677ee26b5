#include "models/storage/slc_cache.hpp"

#include <gtest/gtest.h>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr Bytes gb(double amount) {
  return Bytes::from_base(amount * 1e9);
}

// Fast at 1 GB/s, 200 MB/s past the cache, and half a GB of room made per idle second.
DriveSettings with_cache(Bytes size) {
  DriveSettings settings;
  settings.limits.slc_cache = SlcCacheParameters{.size = size, .direct_rate = 200_MBps, .refill_rate = 500_MBps};
  return settings;
}

BulkJob writer(double gigabytes) {
  BulkJob job;
  job.direction = Direction::Write;
  job.block_size = 1_MiB;
  job.depth = 4;
  job.total = Bytes::from_base(gigabytes * 1e9);
  return job;
}

TEST(SlcCache, IdleTimeMakesRoomUpToItsSize) {
  SlcCache cache({.size = gb(10), .direct_rate = 200_MBps, .refill_rate = 500_MBps});
  EXPECT_EQ(cache.write(0_s, gb(4), 4_s), 0_s);
  EXPECT_EQ(cache.room(4_s), gb(6));
  EXPECT_EQ(cache.room(6_s), gb(7));
  EXPECT_EQ(cache.room(60_s), gb(10));
}

TEST(SlcCache, BytesThatFindNoRoomGoAtTheRateOfTheMedium) {
  SlcCache cache({.size = gb(1), .direct_rate = 200_MBps, .refill_rate = 0_MBps});
  // One gigabyte in 1 s, the second in 5 s.
  EXPECT_EQ(cache.write(0_s, gb(2), 2_s), 6_s);
  EXPECT_EQ(cache.write(6_s, gb(1), 1_s), 11_s);
}

TEST(SlcCache, TheSimulatedDriveAgreesWithTheClosedForm) {
  // 30 GB into 20 GB of cache: 20 s at 1 GB/s and 50 s at 0.2 GB/s.
  DriveUnderTest drive(one_gigabyte_per_second(), with_cache(gb(20)));
  drive->start_bulk(0_s, 7, writer(30));
  drive.run_until(20_s);
  EXPECT_NEAR(drive->bulk_progress(20_s, 7).value(), 20e9, 2e7);
  drive.run_until(40_s);
  EXPECT_NEAR(drive->bulk_progress(40_s, 7).value(), 24e9, 2e7);
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(7), 70.0, 0.2);
}

TEST(SlcCache, AnIdleHourGivesTheNextJobTheWholeCache) {
  DriveUnderTest drive(one_gigabyte_per_second(), with_cache(gb(20)));
  drive->start_bulk(0_s, 1, writer(30));
  drive.run_until(3600_s);
  drive->start_bulk(3600_s, 2, writer(20));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(2), 3620.0, 0.1);
}

TEST(SlcCache, AShortPauseGivesBackWhatItHadTimeFor) {
  DriveUnderTest drive(one_gigabyte_per_second(), with_cache(gb(20)));
  drive->start_bulk(0_s, 1, writer(20));
  drive.run_until(30_s);
  // Ten idle seconds made room for 5 GB: 5 s, and 5 GB more in 25 s.
  drive->start_bulk(30_s, 2, writer(10));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(2), 60.0, 0.2);
}

TEST(SlcCache, ASlowWriterNeverReachesTheCliff) {
  DriveUnderTest drive(one_gigabyte_per_second(), with_cache(gb(2)));
  BulkJob job = writer(60);
  job.rate_limit = 300_MBps;
  drive->start_bulk(0_s, 1, job);
  drive.run_until_idle();
  // Idle for 70 % of the time, it makes 350 MB/s of room.
  EXPECT_NEAR(drive.finished(1), 200.0, 0.1);
}

TEST(SlcCache, AReaderBesideTheWriterSeesTheSameCliff) {
  DriveUnderTest alone(one_gigabyte_per_second(), with_cache(gb(5)));
  DriveUnderTest disturbed(one_gigabyte_per_second(), with_cache(gb(5)));
  alone->start_bulk(0_s, 1, writer(10));
  disturbed->start_bulk(0_s, 1, writer(10));
  for (int i = 1; i < 200; ++i) {
    const Seconds now = Seconds::from_base(0.1 * i);
    disturbed.run_until(now);
    disturbed->submit(now, {.id = 100U + static_cast<WorkId>(i), .size = 4_KiB});
  }
  alone.run_until_idle();
  disturbed.run_until_idle();
  EXPECT_NEAR(disturbed.finished(1) / alone.finished(1), 1.0, 0.02);
}

TEST(SlcCache, TakesFewEventsWhileAlone) {
  DriveUnderTest drive(one_gigabyte_per_second(), with_cache(gb(100)));
  drive->start_bulk(0_s, 1, writer(1000));
  int num_events = 0;
  while (const auto next = drive->next_event()) {
    static_cast<void>(drive->advance(*next));
    ++num_events;
  }
  EXPECT_LT(num_events, 400);
}

}  // namespace
}  // namespace labtwin::storage
