#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr double kMiB = 1.048576e-3;  // seconds that 1 MiB takes at 1 GB/s
constexpr double kMiBytes = 1048576.0;

QueueDepthParameters soft_knee() {
  QueueDepthClass c = sharp(100_us, 1000_MBps);
  c.knee = 2.0;
  return {c, c, c, c};
}

TEST(BulkJob, ReadsItsTotalAtTheRateOfTheLaw) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(1_s, 7, {.owner = 3, .block_size = 1_MiB, .depth = 4, .total = 1000_MiB});
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(7), 1 + 1000 * kMiB, 1e-9);
  EXPECT_NEAR(drive.caused(7, DelayKind::Service, 3), 1000 * kMiB, 1e-9);
}

TEST(BulkJob, KeepsToItsRateLimit) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(
      0_s, 7, {.block_size = 1_MiB, .depth = 8, .rate_limit = BytesPerSecond::from_base(100 * kMiBytes), .total = 1000_MiB});
  drive.run_until_idle();
  // The last block is due at 9.99 s.
  EXPECT_NEAR(drive.finished(7), 9.99 + kMiB, 1e-9);
}

TEST(BulkJob, CatchesUpWithItsScheduleAfterAStall) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(
      0_s, 7, {.block_size = 1_MiB, .depth = 8, .rate_limit = BytesPerSecond::from_base(100 * kMiBytes), .total = 1000_MiB});
  drive->set_health(1_s, Health::Hung);
  drive->set_health(2_s, Health::Healthy);
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(7), 9.99 + kMiB, 1e-9);
}

TEST(BulkJob, TakesNoEventsWhileAlone) {
  DriveUnderTest drive(soft_knee());
  drive->start_bulk(0_s, 7, {.block_size = 1_MiB, .depth = 4});
  drive.run_until(1_s);
  EXPECT_FALSE(drive->next_event().has_value());
  // A month later it has moved what the law says.
  const double latency = std::hypot(100e-6, 4 * kMiB);
  const double month = 30 * 86400.0;
  EXPECT_NEAR(drive->bulk_progress(Seconds::from_base(month), 7).value(), month * 4 / latency * kMiBytes, 10 * kMiBytes);
  EXPECT_NEAR(drive->work_entered(Seconds::from_base(month)).value(), month * 4 / latency * kMiB, 0.01);
}

// Reads of a neighbour at irregular times, and how long they took, with or without the job having been alone before each.
double mean_sojourn(Seconds gap, double rate_limit_fraction) {
  DriveUnderTest drive(soft_knee());
  BulkJob job{.owner = 2, .block_size = 1_MiB, .depth = 4, .region_begin = 1ULL << 39U};
  if (rate_limit_fraction > 0.0) job.rate_limit = rate_limit_fraction * 1000_MBps;
  drive->start_bulk(0_s, 1, job);
  double sum = 0.0;
  constexpr int kReads = 2000;
  const RandomStream stream = RandomSource(1, 0).stream("test");
  Seconds now;
  for (WorkId id = 2; id < 2 + kReads; ++id) {
    now += gap * (0.5 + stream.uniform(id));
    drive.run_until(now);
    drive->submit(now, {.id = id, .owner = 1, .size = 4_KiB});
  }
  drive.run_until(now + 1_s);
  for (const IoCompletion& c : drive.completions()) sum += (c.finished - c.submitted).value();
  EXPECT_EQ(drive.completions().size(), 2000U);
  return sum / kReads;
}

TEST(BulkJob, MeetsANeighbourInTheSameStateWhetherOrNotItWasAloneBefore) {
  // With a gap of 4 ms the job is never alone for long enough to skip, with 100 ms it is before every read.
  EXPECT_NEAR(mean_sojourn(100_ms, 0.0) / mean_sojourn(4_ms, 0.0), 1.0, 0.02);
  EXPECT_NEAR(mean_sojourn(100_ms, 0.5) / mean_sojourn(4_ms, 0.5), 1.0, 0.05);
  // Always late: with a limit above what the drive gives.
  EXPECT_NEAR(mean_sojourn(100_ms, 2.0) / mean_sojourn(4_ms, 2.0), 1.0, 0.02);
}

TEST(BulkJob, NeitherGainsNorLosesWorkByBeingAlone) {
  DriveUnderTest drive(soft_knee());
  drive->start_bulk(0_s, 1, {.owner = 2, .block_size = 1_MiB, .depth = 4});
  for (WorkId id = 2; id < 1002; ++id) {
    const Seconds now = static_cast<double>(id) * 37.3_ms;
    drive.run_until(now);
    drive->submit(now, {.id = id, .owner = 1, .size = 4_KiB});
  }
  drive.run_until(40_s);
  const double rate = 4 / std::hypot(100e-6, 4 * kMiB);
  // The reads of 4 KiB take 1000 x 4.1 us of the drive.
  EXPECT_NEAR(drive->bulk_progress(40_s, 1).value() / kMiBytes, (40 - 0.0041) * rate, 8);
}

TEST(BulkJob, SharesTheDriveWithAnotherInProportionToTheirWindows) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(0_s, 1, {.owner = 1, .block_size = 1_MiB, .depth = 6});
  drive->start_bulk(0_s, 2, {.owner = 2, .direction = Direction::Write, .block_size = 1_MiB, .depth = 2});
  drive.run_until(100_s);
  EXPECT_FALSE(drive->next_event().has_value());
  const double one = drive->bulk_progress(100_s, 1).value();
  const double two = drive->bulk_progress(100_s, 2).value();
  EXPECT_NEAR(one / two, 3.0, 0.01);
  EXPECT_NEAR((one + two) / 100e9, 1.0, 0.001);
  drive->cancel(100_s, 2);
  drive.run_until(200_s);
  EXPECT_NEAR((drive->bulk_progress(200_s, 1).value() - one) / 100e9, 1.0, 0.001);
}

TEST(BulkJob, TakesNoEventsBesideAnotherWithARateLimit) {
  DriveUnderTest drive(soft_knee());
  drive->start_bulk(0_s, 1, {.owner = 1, .block_size = 1_MiB, .depth = 6});
  drive->start_bulk(0_s, 2,
                    {.owner = 2, .direction = Direction::Write, .block_size = 1_MiB, .depth = 4, .rate_limit = 200_MBps});
  drive.run_until(1_s);
  EXPECT_FALSE(drive->next_event().has_value());
  EXPECT_NEAR(drive->bulk_progress(100_s, 2).value() / 20e9, 1.0, 0.001);
}

TEST(BulkJob, TakesNoEventsWhileItIsLateForGood) {
  DriveUnderTest drive(soft_knee());
  drive->start_bulk(0_s, 7, {.block_size = 1_MiB, .depth = 4, .rate_limit = 2500_MBps});
  drive.run_until(1_s);
  EXPECT_FALSE(drive->next_event().has_value());
  const double latency = std::hypot(100e-6, 4 * kMiB);
  EXPECT_NEAR(drive->bulk_progress(1000_s, 7).value(), 1000 * 4 / latency * kMiBytes, 10 * kMiBytes);
}

TEST(BulkJob, LeavesInTheSchedulerWhatTheDriveDoesNotTake) {
  DriveSettings settings;
  settings.limits.read_window = 2_MiB;
  DriveUnderTest drive(soft_knee(), settings);
  drive->start_bulk(0_s, 7, {.block_size = 1_MiB, .depth = 8});
  drive.run_until(1_s);
  EXPECT_FALSE(drive->next_event().has_value());
  EXPECT_EQ(drive->num_waiting(), 6.0);
  drive->submit(1_s, {.id = 8, .owner = 1, .size = 4_KiB});
  EXPECT_EQ(drive->num_waiting(), 7.0);
}

TEST(BulkJob, CatchesUpWhileAloneAndThenKeepsToItsSchedule) {
  DriveUnderTest drive(one_gigabyte_per_second());
  const BytesPerSecond limit = BytesPerSecond::from_base(500 * kMiBytes);
  drive->start_bulk(0_s, 7, {.block_size = 1_MiB, .depth = 4, .rate_limit = limit});
  drive->set_health(1_s, Health::Hung);
  drive->set_health(11_s, Health::Healthy);
  // 10 s of the schedule are missing; the drive gives 953.7 MiB/s, so the last of them are there 11.02 s later.
  const double caught_up = 11 + 10 * 500 / (1 / kMiB - 500);
  drive.run_until(Seconds::from_base(caught_up - 1));
  EXPECT_NEAR(drive->bulk_progress(Seconds::from_base(caught_up - 1), 7).value() / kMiBytes, 500 + (caught_up - 12) / kMiB, 5);
  int num_events = 0;
  while (drive->next_event() && *drive->next_event() < Seconds::from_base(caught_up + 5)) {
    drive.run_until(*drive->next_event());
    ++num_events;
  }
  EXPECT_LT(num_events, 200);
  EXPECT_NEAR(drive->bulk_progress(100_s, 7).value() / kMiBytes, 100 * 500, 5);
}

TEST(BulkJob, WritesAtTheRateOfTheFlushOnceItsCacheIsFull) {
  QueueDepthParameters law = one_gigabyte_per_second();
  DriveSettings settings;
  settings.limits.write_cache = WriteCache{.capacity = 64_MiB, .flush_bandwidth = 250_MBps};
  DriveUnderTest drive(law, settings);
  drive->start_bulk(0_s, 1, {.owner = 2, .direction = Direction::Write, .block_size = 1_MiB, .depth = 4});
  drive.run_until(100_s);
  EXPECT_FALSE(drive->next_event().has_value());
  EXPECT_NEAR(drive->bulk_progress(100_s, 1).value() / 25e9, 1.0, 0.005);
}

TEST(BulkJob, ThinksBetweenBlocks) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(0_s, 1, {.owner = 2, .block_size = 1_MiB, .depth = 1, .total = 100_MiB, .think_time = 500_us});
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 100 * kMiB + 99 * 500e-6, 1e-9);
}

TEST(BulkJob, ThinksAtTheSameRateWhileAlone) {
  DriveUnderTest drive(soft_knee());
  drive->start_bulk(0_s, 1, {.owner = 2, .block_size = 1_MiB, .depth = 2, .think_time = 10_ms});
  for (WorkId id = 2; id < 102; ++id) {
    drive.run_until(static_cast<double>(id) * 1.003_s);
    drive->submit(static_cast<double>(id) * 1.003_s, {.id = id, .owner = 1, .size = 4_KiB});
  }
  // A block is in the drive for a tenth of the time, in which its companion waits for it.
  const double rate = drive->bulk_progress(102_s, 1).value() / 102 / kMiBytes;
  EXPECT_NEAR(rate, 2 / (10e-3 + 1.1 * kMiB), 2.0);
}

TEST(BulkJob, IsLateWhenInterruptedAndCatchesUp) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(0_s, 1,
                    {.owner = 2,
                     .block_size = 1_MiB,
                     .depth = 8,
                     .rate_limit = BytesPerSecond::from_base(100 * kMiBytes),
                     .total = 1000_MiB,
                     .interruptions = {.rate = 10_per_s, .mean_duration = 10_ms},
                     .variates = RandomStream(5)});
  drive.run_until_idle();
  EXPECT_GE(drive.finished(1), 9.99);
  EXPECT_LE(drive.finished(1), 10.1);
}

TEST(BulkJob, EndsWhenItIsCancelled) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->start_bulk(0_s, 1, {.owner = 2, .block_size = 1_MiB, .depth = 4});
  drive.run_until(1_s);
  drive->cancel(1_s, 1);
  drive.run_until_idle();
  EXPECT_EQ(drive->num_in_flight(), 0U);
  EXPECT_TRUE(drive.completions().empty());
}

// A job that makes room keeps its whole window while it is alone, and one block at a time from when others
// come until a few of its own have gone without them.
TEST(DriveBulk, MakesRoomForOthers) {
  const auto slowest_read = [](std::optional<Yielding> yielding) {
    DriveUnderTest drive(one_gigabyte_per_second());
    BulkJob job;
    job.owner = 1;
    job.block_size = 1_MiB;
    job.depth = 8;
    job.yielding = yielding;
    drive->start_bulk(0_s, 100, job);
    // One read after the other, so that somebody is always there.
    Seconds slowest;
    Seconds now = 1_s;
    for (WorkId id = 1; id <= 200; ++id) {
      Io read{.id = id, .size = 4_KiB};
      drive->submit(now, read);
      while (drive.completions().empty() || drive.completions().back().id != id) drive.run_until(*drive->next_event());
      const IoCompletion& done = drive.completion(id);
      if (id > 20) slowest = std::max(slowest, done.finished - done.submitted);
      now = done.finished;
    }
    return slowest.value();
  };
  EXPECT_NEAR(slowest_read(std::nullopt), 8.0 * 1.048576e-3, 0.1e-3);
  EXPECT_NEAR(slowest_read(Yielding{.depth = 1, .settle = 5}), 1.048576e-3, 0.1e-3);
  // A guaranteed rate beyond what one block at a time gives brings some of the window back.
  EXPECT_GT(slowest_read(Yielding{.depth = 1, .settle = 5, .min_rate = 900_MBps}), 1.5e-3);
}

TEST(DriveBulk, HasItsWholeWindowWhileAlone) {
  for (const std::optional<Yielding>& yielding :
       {std::optional<Yielding>(), std::optional(Yielding{.depth = 1, .settle = 5})}) {
    DriveUnderTest drive(one_gigabyte_per_second());
    BulkJob job;
    job.block_size = 1_MiB;
    job.depth = 8;
    job.total = 1_GiB;
    job.yielding = yielding;
    drive->start_bulk(0_s, 100, job);
    drive.run_until_idle();
    EXPECT_NEAR(drive.completion(100).finished.value(), 1024.0 * 1.048576e-3, 0.01);
  }
}

}  // namespace
}  // namespace labtwin::storage
