#include "sim/service/log_volume.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "models/storage/queue_depth_curve.hpp"
#include "sim/service/drive_service.hpp"
#include "sim/service/pool_service.hpp"
#include "sim/service/special_volume.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

std::unique_ptr<DriveService> drive(Engine& engine, ResourceId resource, Seconds latency, Seconds flush) {
  return std::make_unique<DriveService>(engine, resource, storage::testing::sharp_drive(latency, 200_MBps), flush);
}

/// A mirror of two slow drives, 10 ms an I/O and a flush, with a log that takes 50 us and 10 us.
struct Lab {
  Lab() {
    for (ResourceId i = 1; i <= 2; ++i) drives.push_back(drive(engine, i, 10_ms, 10_ms));
    fast = drive(engine, 3, 50_us, 10_us);
    const storage::PoolLayout layout{
        .redundancy = storage::Redundancy::Copies, .width = 2, .unit = 128_KiB, .has_records = true};
    pool = std::make_unique<PoolService>(engine, ResourceId{0}, layout,
                                         std::vector<PoolService::Member>{{drives[0].get()}, {drives[1].get()}});
    storage::PoolLayout single = layout;
    single.width = 1;
    special = std::make_unique<PoolService>(engine, ResourceId{0}, single, std::vector<PoolService::Member>{{fast.get()}},
                                            SpecialVolume::kFirstId);
    log = std::make_unique<LogVolume>(engine, *fast, *pool);
    pool->set_log(*log);
  }
  ~Lab() { engine.end_processes(); }

  Engine engine;
  std::vector<std::unique_ptr<DriveService>> drives;
  std::unique_ptr<DriveService> fast;
  std::unique_ptr<PoolService> pool;
  std::unique_ptr<PoolService> special;
  std::unique_ptr<LogVolume> log;
};

storage::BulkJob pages(Seconds sync) {
  storage::BulkJob job;
  job.direction = storage::Direction::Write;
  job.block_size = 16_KiB;
  job.think_time = sync;
  return job;
}

TEST(LogVolume, ASyncedWriterWaitsForTheLogAlone) {
  Lab lab;
  EXPECT_EQ(&lab.pool->for_sync_writes(), lab.log.get());
  const Seconds sync = lab.log->sync_time(storage::SyncCall::Fsync);
  EXPECT_EQ(sync, 10_us);
  // The pool takes a page in 10 ms at depth 1, and paces the log.
  const BytesPerSecond rate =
      lab.log->rate_alone({.direction = storage::Direction::Write, .block_size = 16_KiB, .think_time = sync});
  EXPECT_NEAR(rate.value(), 16384.0 / 10e-3, 1.0);
  const WorkId id = lab.log->start_bulk(pages(sync), {});
  lab.engine.run(10_s);
  EXPECT_NEAR(lab.log->bulk_progress(id).value(), 10.0 * rate.value(), 0.02 * 10.0 * rate.value());
}

Task<> write_one(Volume& volume, Engine& engine, Seconds& ended) {
  std::vector<storage::Io> ios(1);
  ios[0].direction = storage::Direction::Write;
  ios[0].size = 128_KiB;
  const BurstResult result = co_await volume.perform(std::move(ios));
  if (result.outcome == Outcome::Completed) ended = engine.now();
}

TEST(LogVolume, AWriteEndsOnTheLogAndReachesTheMembersLater) {
  Lab lab;
  Seconds ended;
  lab.engine.spawn("writer", write_one(*lab.log, lab.engine, ended));
  lab.engine.run(1_s);
  EXPECT_NEAR(ended.value(), 131072.0 / 200e6, 1e-6);
  EXPECT_GT(lab.drives[0]->work_entered(), Seconds{});
  EXPECT_GT(lab.drives[1]->work_entered(), Seconds{});
}

TEST(SpecialVolume, TakesSmallBlocksAndNothingElse) {
  Lab lab;
  SpecialVolume volume(lab.engine, *lab.pool, *lab.special, 32_KiB);
  // A stream of small files, and one of a large one; random I/O is of whole records.
  storage::BulkJob small = pages({});
  storage::BulkJob large = pages({});
  large.block_size = 1_MiB;
  small.total = 16_MiB;
  large.total = 16_MiB;
  Seconds small_ended;
  Seconds large_ended;
  volume.start_bulk(small, [&] { small_ended = lab.engine.now(); });
  volume.start_bulk(large, [&] { large_ended = lab.engine.now(); });
  lab.engine.run(10_s);
  EXPECT_NEAR(small_ended.value(), 1024.0 * 16384.0 / 200e6, 0.01);
  EXPECT_GT(large_ended, 150_ms);
}

TEST(SpecialVolume, TakesThePoolWhoseRecordsAreSmall) {
  Lab lab;
  SpecialVolume volume(lab.engine, *lab.pool, *lab.special, 128_KiB);
  Seconds ended;
  lab.engine.spawn("writer", write_one(volume, lab.engine, ended));
  lab.engine.run(1_s);
  EXPECT_NEAR(ended.value(), 131072.0 / 200e6, 1e-6);
  EXPECT_EQ(lab.drives[0]->work_entered(), Seconds{});
}

TEST(PoolFailure, AReaderGoesOnWithoutTheMember) {
  Lab lab;
  storage::BulkJob job;
  job.block_size = 1_MiB;
  job.depth = 4;
  job.total = 1_GiB;
  Seconds ended;
  const WorkId id = lab.pool->start_bulk(job, [&] { ended = lab.engine.now(); });
  const auto fail = [](Lab& l, WorkId work) -> Task<> {
    co_await l.engine.hold(1_s);
    const Bytes before = l.pool->bulk_progress(work);
    l.pool->fail_member(0);
    EXPECT_NEAR(l.pool->bulk_progress(work) / before, 1.0, 1e-9);
  };
  lab.engine.spawn("failure", fail(lab, id));
  lab.engine.run(60_s);
  // Two drives of 200 MB/s for a second, then one.
  EXPECT_NEAR(ended.value(), 1.0 + (1073741824.0 - 400e6) / 200e6, 0.3);
}

}  // namespace
}  // namespace labtwin::service
