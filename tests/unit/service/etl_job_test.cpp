#include "sim/service/etl_job.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "models/storage/dirty_pages.hpp"
#include "sim/engine/engine.hpp"
#include "sim/service/drive_service.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using storage::testing::sharp_drive;

struct Lab {
  ~Lab() { engine.end_processes(); }
  Engine engine;
  Cores cores{engine, 1, 2};
  DriveService drive{engine, 0, sharp_drive(1_us, 1000_MBps)};
};

EtlJobOptions reader() {
  EtlJobOptions options;
  options.read = IoWindow{.block_size = 1_MiB, .depth = 8};
  options.schedule = {.start = 1_s, .volume = Bytes::from_base(10.0 * 1048576000.0)};
  return options;
}

TEST(PlannedRate, IsThatOfTheSlowestStage) {
  EtlJobOptions options = reader();
  options.write_ratio = 0.5;
  const PlannedRate drives{.read_alone = 1000_MBps, .write_alone = 500_MBps, .same_drive = true};
  // A second of reading takes one second, and another of writing half as much at half the speed.
  EXPECT_NEAR(planned_rate(options, drives).value(), 500e6, 1.0);
  options.transform_rate = 100_MBps;
  options.num_workers = 2;
  EXPECT_NEAR(planned_rate(options, drives).value(), 200e6, 1.0);
  options.rate_limit = 50_MBps;
  EXPECT_NEAR(planned_rate(options, drives).value(), 50e6, 1.0);
}

TEST(EtlJob, ReadsItsVolumeAtTheSpeedOfTheDrive) {
  Lab lab;
  EtlJob job(lab.engine, RandomSource(1, 0), reader(), {&lab.drive, &lab.drive, &lab.cores}, 1000_MBps);
  lab.engine.spawn("job", job.run());
  lab.engine.run();
  EXPECT_NEAR(lab.engine.now().value(), 1.0 + 10.48576, 0.05);
  EXPECT_NEAR(job.bytes_read().value(), 10.0 * 1048576000.0, 1.0);
  EXPECT_NEAR(job.active_time().value(), 10.48576, 0.05);
}

TEST(EtlJob, ComputesOnCoresInProportionToWhatItReads) {
  Lab lab;
  EtlJobOptions options = reader();
  options.rate_limit = 100_MBps;
  options.transform_rate = 200_MBps;
  options.schedule = {.start = 0_s, .duration = 100_s};
  EtlJob job(lab.engine, RandomSource(1, 0), options, {&lab.drive, &lab.drive, &lab.cores}, 100_MBps);
  lab.engine.spawn("job", job.run());
  lab.engine.run();
  EXPECT_NEAR(job.bytes_read().value(), 100.0 * 100e6, 20e6);
  // Half of one core.
  EXPECT_NEAR(lab.cores.statistics().busy_time.value(), 50.0, 0.5);
}

// A writer of `volume` with this much room for dirty pages.
EtlJobOptions writer(Bytes volume, Bytes room) {
  EtlJobOptions options;
  options.write = IoWindow{.block_size = 1_MiB, .depth = 8, .room = room};
  options.schedule = {.start = 1_s, .volume = volume};
  return options;
}

// The job takes as long as the law says.
void expect_to_run_ahead(double gigabytes) {
  const Bytes volume = Bytes::from_base(gigabytes * 1e9);
  const Bytes room = Bytes::from_base(3e9);
  Lab lab;
  EtlJob job(lab.engine, RandomSource(1, 0), writer(volume, room), {&lab.drive, &lab.drive, &lab.cores}, 1000_MBps);
  lab.engine.spawn("job", job.run());
  lab.engine.run();
  EXPECT_NEAR(job.active_time() / storage::buffered_write_time(volume, room, 1000_MBps), 1.0, 0.01);
  EXPECT_NEAR(job.bytes_written() / volume, 1.0, 1e-9);
}

TEST(EtlJob, WritesWhatThePageCacheHoldsAtTheSpeedOfMemory) {
  expect_to_run_ahead(2.0);
}

TEST(EtlJob, RunsAheadOfTheDriveByTheDirtyPages) {
  expect_to_run_ahead(10.0);
}

TEST(EtlJob, ComesAgainOnItsSchedule) {
  Lab lab;
  EtlJobOptions options = reader();
  options.schedule = {.start = 10_s, .duration = 5_s, .every = 100_s};
  EtlJob job(lab.engine, RandomSource(1, 0), options, {&lab.drive, &lab.drive, &lab.cores}, 1000_MBps);
  lab.engine.spawn("job", job.run(), ProcessKind::Server);
  lab.engine.run(212_s);
  EXPECT_NEAR(job.active_time().value(), 5.0 + 5.0 + 2.0, 1e-9);
}

}  // namespace
}  // namespace labtwin::service
