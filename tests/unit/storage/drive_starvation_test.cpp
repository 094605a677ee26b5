// A sequential reader that keeps more outstanding than the drive takes starves a foreign read under mq-deadline.

#include <gtest/gtest.h>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr double kMiB = 1.048576e-3;  // seconds that 1 MiB takes at 1 GB/s
constexpr OwnerId kSearch = 1;
constexpr OwnerId kEtl = 2;
constexpr std::uint64_t kFar = 1ULL << 39U;

struct Case {
  SchedulerKind scheduler = SchedulerKind::MqDeadline;
  Direction job = Direction::Read;
  unsigned depth = 4;
  IoPriority search = IoPriority::BestEffort;
  IoPriority etl = IoPriority::BestEffort;
};

// Sojourn time of a 4 KiB read that arrives beside a bulk job on a drive with room for two blocks.
double read_beside_job(const Case& c) {
  DriveSettings settings;
  settings.scheduler.kind = c.scheduler;
  settings.limits.read_window = 2_MiB;
  settings.limits.write_window = 2_MiB;
  DriveUnderTest drive(one_gigabyte_per_second(), settings);
  drive->start_bulk(
      0_s, 1,
      {.owner = kEtl, .direction = c.job, .block_size = 1_MiB, .depth = c.depth, .priority = c.etl, .region_begin = kFar});
  drive.run_until(10.2_ms);
  drive->submit(10.2_ms, {.id = 2, .owner = kSearch, .size = 4_KiB, .position = 0, .priority = c.search});
  drive.run_until(2_s);
  EXPECT_GT(drive.caused(2, DelayKind::Waiting, kEtl), 0.9 * (drive.finished(2) - 10.2e-3));
  return drive.finished(2) - 10.2e-3;
}

TEST(Starvation, LastsForReadExpireBesideADeepSequentialReader) {
  const double sojourn = read_beside_job({.depth = 4});
  EXPECT_GE(sojourn, 0.5);
  // The batch under way when the time is up has at most sixteen blocks, and three are in or on their way into the drive.
  EXPECT_LE(sojourn, 0.5 + 19 * kMiB);
}

TEST(Starvation, DoesNotHappenWhileTheDriveTakesTheWholeWindow) {
  // Two blocks are in the drive: the read goes in when one is done and waits for the other.
  EXPECT_LE(read_beside_job({.depth = 2}), 2.1 * kMiB);
}

TEST(Starvation, IsCuredByOrderOfArrival) {
  // Four blocks are ahead; behind those in the scheduler the read is next.
  EXPECT_LE(read_beside_job({.scheduler = SchedulerKind::None, .depth = 4}), 4.1 * kMiB);
}

TEST(Starvation, IsCuredByRealtimePriorityOfTheRead) {
  EXPECT_LE(read_beside_job({.depth = 16, .search = IoPriority::Realtime}), 3.1 * kMiB);
}

TEST(Starvation, IsCuredByIdlePriorityOfTheJob) {
  EXPECT_LE(read_beside_job({.depth = 16, .etl = IoPriority::Idle}), 3.1 * kMiB);
}

TEST(Starvation, BesideWritesLastsNoLongerThanABatch) {
  EXPECT_LE(read_beside_job({.job = Direction::Write, .depth = 64}), 19 * kMiB);
}

}  // namespace
}  // namespace labtwin::storage
