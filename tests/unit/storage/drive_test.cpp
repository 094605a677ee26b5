#include "models/storage/drive.hpp"

#include <gtest/gtest.h>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr double kMiB = 1.048576e-3;  // seconds that 1 MiB takes at 1 GB/s
constexpr double kTolerance = 1e-9;
constexpr OwnerId kSearch = 1;
constexpr OwnerId kEtl = 2;

Io read_of(WorkId id, OwnerId owner, Bytes size, std::uint64_t position = 0) {
  return {.id = id, .owner = owner, .size = size, .position = position};
}
Io write_of(WorkId id, OwnerId owner, Bytes size) {
  return {.id = id, .owner = owner, .direction = Direction::Write, .size = size};
}

TEST(Drive, AnswersALoneReadAfterItsUnloadedLatency) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->submit(5_ms, read_of(1, kSearch, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 5e-3 + kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(1, DelayKind::Service, kSearch), kMiB, kTolerance);
  EXPECT_EQ(drive.completion(1).causes.size(), 1U);
}

TEST(Drive, ChargesWaitingInTheDriveToWhoeverHasWorkInFlight) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->submit(0_s, write_of(1, kEtl, 3_MiB));
  drive->submit(0_s, write_of(2, kEtl, 1_MiB));
  drive->submit(0_s, read_of(3, kSearch, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 3 * kMiB, kTolerance);
  EXPECT_NEAR(drive.finished(2), 4 * kMiB, kTolerance);
  EXPECT_NEAR(drive.finished(3), 5 * kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(3, DelayKind::Waiting, kEtl), 4 * kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(3, DelayKind::Service, kSearch), kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(2, DelayKind::Waiting, kEtl), 3 * kMiB, kTolerance);
}

TEST(Drive, CountsANeighboursWritesAtTheirWeight) {
  DriveSettings settings;
  settings.limits.interference.write_on_read = 0.25;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, write_of(1, kEtl, 4_MiB));
  drive->submit(0_s, read_of(2, kSearch, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(2), (1 + 0.25 * 4) * kMiB, kTolerance);
}

TEST(Drive, HoldsInTheSchedulerWhatExceedsTheTags) {
  DriveSettings settings;
  settings.limits.tags = 1;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, write_of(1, kEtl, 1_MiB));
  drive->submit(0_s, read_of(2, kSearch, 1_MiB));
  EXPECT_EQ(drive->num_in_flight(), 1U);
  EXPECT_EQ(drive->num_waiting(), 1.0);
  drive.run_until_idle();
  // The read enters an empty drive after 1 MiB and is served alone.
  EXPECT_NEAR(drive.finished(2), 2 * kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(2, DelayKind::Waiting, kEtl), kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(2, DelayKind::Service, kSearch), kMiB, kTolerance);
}

TEST(Drive, HoldsInTheSchedulerWhatExceedsTheWindowButTakesALargeRequestAlone) {
  DriveSettings settings;
  settings.limits.read_window = 2_MiB;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, read_of(1, kEtl, 3_MiB));
  drive->submit(0_s, read_of(2, kEtl, 1_MiB));
  drive->submit(0_s, read_of(3, kEtl, 1_MiB));
  drive->submit(0_s, read_of(4, kEtl, 1_MiB));
  EXPECT_EQ(drive->num_in_flight(), 1U);
  drive.run_until(Seconds::from_base(3.5 * kMiB));
  EXPECT_EQ(drive->num_in_flight(), 2U);
  EXPECT_EQ(drive->num_waiting(), 1.0);
}

TEST(Drive, SplitsALargeReadAndEndsItWithItsLastPiece) {
  DriveSettings settings;
  settings.max_request = 1_MiB;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, read_of(1, kSearch, Bytes::from_base(2.5 * 1048576)));
  EXPECT_EQ(drive->num_in_flight(), 3U);
  drive.run_until_idle();
  ASSERT_EQ(drive.completions().size(), 1U);
  EXPECT_NEAR(drive.finished(1), 2.5 * kMiB, kTolerance);
  // Its own pieces are what it would also wait for alone.
  EXPECT_NEAR(drive.caused(1, DelayKind::Service, kSearch), 2.5 * kMiB, kTolerance);
}

TEST(Drive, ForgetsACancelledReadThatWaits) {
  DriveSettings settings;
  settings.limits.tags = 1;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  for (WorkId id = 1; id <= 3; ++id) drive->submit(0_s, read_of(id, kSearch, 1_MiB));
  drive->cancel(0_s, 2);
  drive.run_until_idle();
  ASSERT_EQ(drive.completions().size(), 2U);
  EXPECT_NEAR(drive.finished(3), 2 * kMiB, kTolerance);
}

TEST(Drive, KeepsServingACancelledReadThatIsInTheDrive) {
  DriveSettings settings;
  settings.limits.tags = 1;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, read_of(1, kSearch, 1_MiB));
  drive->submit(0_s, read_of(2, kSearch, 1_MiB));
  drive->cancel(0_s, 1);
  drive.run_until_idle();
  ASSERT_EQ(drive.completions().size(), 1U);
  EXPECT_NEAR(drive.finished(2), 2 * kMiB, kTolerance);
}

TEST(Drive, LosesTheTimeDuringWhichItHung) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->submit(0_s, read_of(1, kSearch, 1_MiB));
  drive->set_health(Seconds::from_base(0.5 * kMiB), Health::Hung);
  drive->submit(1_s, read_of(2, kSearch, 1_MiB));
  EXPECT_FALSE(drive->next_event().has_value());
  drive->set_health(10_s, Health::Healthy);
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 10 + 0.5 * kMiB, kTolerance);
  EXPECT_NEAR(drive.caused(1, DelayKind::Service, kSearch), kMiB, kTolerance);
  // The second entered at 10 s and found the work of the first still in flight.
  EXPECT_NEAR(drive.finished(2), 10 + 2 * kMiB, kTolerance);
}

TEST(Drive, FailsEverythingWhenItDies) {
  DriveSettings settings;
  settings.limits.tags = 1;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->submit(0_s, read_of(1, kSearch, 1_MiB));
  drive->submit(0_s, read_of(2, kSearch, 1_MiB));
  drive->set_health(1_us, Health::Dead);
  drive->submit(2_us, read_of(3, kSearch, 1_MiB));
  drive.run_until_idle();
  ASSERT_EQ(drive.completions().size(), 3U);
  for (const IoCompletion& c : drive.completions()) EXPECT_EQ(c.outcome, Outcome::Failed);
  EXPECT_NEAR(drive.finished(2), 1e-6, kTolerance);
  EXPECT_NEAR(drive.finished(3), 2e-6, kTolerance);
}

TEST(Drive, SlowsDownWhileDegraded) {
  DriveUnderTest drive(one_gigabyte_per_second());
  drive->set_health(0_s, Health::Degraded);
  drive->submit(0_s, read_of(1, kSearch, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 10 * kMiB, kTolerance);
}

TEST(Drive, AcknowledgesWritesFromItsCacheUntilThatIsFull) {
  QueueDepthParameters law = one_gigabyte_per_second();
  law.random_write = sharp(10_us, BytesPerSecond::from_base(1e30));
  DriveSettings settings;
  settings.limits.write_cache = WriteCache{.capacity = 2_MiB, .flush_bandwidth = 1000_MBps};
  DriveUnderTest drive(law, settings);
  for (WorkId id = 1; id <= 4; ++id) drive->submit(0_s, write_of(id, kEtl, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 10e-6, kTolerance);
  EXPECT_NEAR(drive.finished(2), 10e-6, kTolerance);
  // The third waits until one block is flushed, the fourth until two are.
  EXPECT_NEAR(drive.finished(3), kMiB, kTolerance);
  EXPECT_NEAR(drive.finished(4), 2 * kMiB, kTolerance);
}

TEST(Drive, MakesReadsWaitForTheFlushOfAcknowledgedWrites) {
  QueueDepthParameters law = one_gigabyte_per_second();
  law.random_write = sharp(10_us, 1000_MBps);
  DriveSettings settings;
  settings.limits.write_cache = WriteCache{.capacity = 64_MiB, .flush_bandwidth = 100_MBps};
  DriveUnderTest drive(law, settings);
  drive->submit(0_s, write_of(1, kEtl, 1_MiB));
  drive->submit(5_ms, read_of(2, kSearch, 1_MiB));  // flushing takes 10.5 ms
  drive->submit(20_ms, read_of(3, kSearch, 1_MiB));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), kMiB, kTolerance);
  EXPECT_NEAR(drive.finished(2), 5e-3 + 2 * kMiB, kTolerance);
  EXPECT_NEAR(drive.finished(3), 20e-3 + kMiB, kTolerance);
}

}  // namespace
}  // namespace labtwin::storage
