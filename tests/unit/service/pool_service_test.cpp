#include "sim/service/pool_service.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"
#include "models/storage/queue_depth_curve.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/drive_service.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

std::unique_ptr<storage::Drive> drive_of(std::unique_ptr<storage::DriveLaw> law) {
  return std::make_unique<storage::Drive>(std::move(law), storage::DriveSettings{});
}

/// 1 ms per I/O, 100 MB/s.
std::unique_ptr<storage::DriveLaw> plain_law() {
  const storage::QueueDepthClass c = storage::testing::sharp(1_ms, 100_MBps);
  return storage::make_queue_depth_curve({c, c, c, c});
}

storage::PoolLayout layout(std::string_view name, unsigned members, Bytes unit) {
  const auto names = storage::pool_layout_names();
  const auto row = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.name == name; });
  return storage::make_pool_layout(*row, members, 1, unit);
}

/// A pool of its own drives; several may share the engine of a test.
struct Lab {
  Lab(Engine& of_test, std::string_view name, unsigned members, Bytes unit,
      std::unique_ptr<storage::DriveLaw> (*law)() = &plain_law)
      : engine(of_test) {
    std::vector<PoolService::Member> places;
    for (unsigned i = 0; i < members; ++i) {
      drives.push_back(std::make_unique<DriveService>(engine, static_cast<ResourceId>(i + 1), drive_of(law())));
      places.push_back({.volume = drives.back().get()});
    }
    pool = std::make_unique<PoolService>(engine, ResourceId{0}, layout(name, members, unit), places);
  }
  ~Lab() { engine.end_processes(); }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  Engine& engine;
  std::vector<std::unique_ptr<DriveService>> drives;
  std::unique_ptr<PoolService> pool;
};

storage::Io io_of(storage::Direction direction, std::uint64_t position, Bytes size) {
  return {.direction = direction, .size = size, .position = position};
}

Task<> perform(Engine& engine, Volume& volume, std::vector<storage::Io> ios, Seconds& took, BurstResult& result) {
  const Seconds began = engine.now();
  result = co_await volume.perform(std::move(ios));
  took = engine.now() - began;
}

TEST(PoolService, ASmallWriteOnRaid5ReadsBeforeItWrites) {
  Engine engine;
  Lab lab(engine, "raid5", 4, 64_KiB);
  Seconds took;
  BurstResult result;
  lab.engine.spawn("w", perform(lab.engine, *lab.pool, {io_of(storage::Direction::Write, 0, 4_KiB)}, took, result));
  lab.engine.run();
  EXPECT_NEAR(took.value(), 2e-3, 1e-9);
  EXPECT_EQ(result.outcome, Outcome::Completed);
  Seconds blamed;
  for (const Cause& cause : result.causes) blamed += cause.duration;
  EXPECT_NEAR(blamed.value(), took.value(), 1e-9);
}

TEST(PoolService, CopiesAreReadSideBySide) {
  Engine engine;
  for (const unsigned members : {2U, 4U}) {
    Lab lab(engine, "raid1", members, storage::kDefaultChunk);
    std::vector<storage::Io> ios;
    for (std::uint64_t i = 0; i < 8; ++i) ios.push_back(io_of(storage::Direction::Read, i << 20U, 1_MiB));
    Seconds took;
    BurstResult result;
    lab.engine.spawn("r", perform(lab.engine, *lab.pool, ios, took, result));
    lab.engine.run();
    EXPECT_NEAR(took.value(), 8.0 / members * 1.048576e-2, 1e-6) << members;
  }
}

TEST(PoolService, WhoGivesUpIsNotTold) {
  Engine engine;
  Lab lab(engine, "raid5", 4, 64_KiB);
  Seconds took;
  BurstResult result;
  const Process writer =
      lab.engine.spawn("w", perform(lab.engine, *lab.pool, {io_of(storage::Direction::Write, 0, 4_KiB)}, took, result));
  lab.engine.schedule(Seconds::from_base(1.5e-3), Priority::Normal, [&] { writer.cancel(); });
  lab.engine.run();
  EXPECT_EQ(took, Seconds{});
}

/// Seconds that a job takes: as the pool runs it, and with every block an I/O of the pool.
struct Fidelities {
  double stream = 0.0;
  double blocks = 0.0;
};

Fidelities both_ways(Engine& engine, std::string_view name, unsigned members, storage::BulkJob job,
                     std::unique_ptr<storage::DriveLaw> (*law)()) {
  Fidelities took;
  const Seconds began = engine.now();
  {
    Lab lab(engine, name, members, 128_KiB, law);
    lab.pool->start_bulk(job, [&] { took.stream = (engine.now() - began).value(); });
    lab.engine.run();
  }
  Lab lab(engine, name, members, 128_KiB, law);
  const Seconds again = engine.now();
  BlockStream blocks(engine, *lab.pool, job, [&] { took.blocks = (engine.now() - again).value(); });
  blocks.issue();
  engine.run();
  return took;
}

std::unique_ptr<storage::DriveLaw> disk_law() {
  return load_drive(catalog::Catalog(), "wd-ultrastar-dc-hc310").law;
}
std::unique_ptr<storage::DriveLaw> flash_law() {
  return load_drive(catalog::Catalog(), "samsung-970-evo-plus-1tb").law;
}

// Streams of members do not wait for each other at the end of every block; with their scatter that is worth up to 4 % of a disk
// and 6 % of flash.
TEST(PoolService, StreamsTakeAsLongAsTheirBlocks) {
  Engine engine;
  for (const std::string_view name : {"raid0", "raid1", "raid10", "raid5", "raid6", "mirror", "raidz1", "raidz2"}) {
    for (const storage::Direction direction : {storage::Direction::Read, storage::Direction::Write}) {
      storage::BulkJob job;
      job.direction = direction;
      job.block_size = 1_MiB;
      job.depth = 16;
      job.total = 2_GiB;
      job.variates = RandomStream(7);
      const Fidelities disk = both_ways(engine, name, 4, job, &disk_law);
      EXPECT_NEAR(disk.stream / disk.blocks, 1.0, 0.04) << name << " of disks";
      const Fidelities flash = both_ways(engine, name, 4, job, &flash_law);
      EXPECT_NEAR(flash.stream / flash.blocks, 1.0, 0.06) << name << " of flash";
    }
  }
}

TEST(PoolService, PlansWithTheRateThatItReaches) {
  Engine engine;
  Lab lab(engine, "raid5", 4, 128_KiB);
  storage::BulkJob job;
  job.block_size = 1_MiB;
  job.depth = 16;
  job.total = 1_GiB;
  double took = 0.0;
  lab.pool->start_bulk(job, [&] { took = lab.engine.now().value(); });
  lab.engine.run();
  const BytesPerSecond planned = lab.pool->rate_alone({.block_size = 1_MiB, .depth = 16});
  EXPECT_NEAR(planned.value() * took, job.total->value(), 0.02 * job.total->value());
  EXPECT_NEAR(planned.value(), 400e6, 4e6);
}

TEST(PoolService, SmallWindowsGoBlockByBlock) {
  Engine engine;
  Lab lab(engine, "raid0", 4, 512_KiB);
  storage::BulkJob job;
  job.block_size = 64_KiB;
  job.depth = 1;
  job.total = 16_MiB;
  double took = 0.0;
  const WorkId id = lab.pool->start_bulk(job, [&] { took = lab.engine.now().value(); });
  lab.engine.schedule(Seconds::from_base(0.1005), Priority::Normal,
                      [&] { EXPECT_NEAR(lab.pool->bulk_progress(id).value(), 100.0 * 65536.0, 65536.0); });
  lab.engine.run();
  EXPECT_NEAR(took, 256e-3, 1e-6);  // one member at a time, 1 ms per block
  EXPECT_NEAR(lab.pool->rate_alone({.block_size = 64_KiB, .depth = 1}).value(), 65536.0 / 1e-3, 1e3);
}

TEST(PoolService, AMemberThatIsMissingMakesTheOthersReadMore) {
  Engine engine;
  Lab lab(engine, "raid5", 5, 128_KiB);
  const StreamWindow window{.block_size = 1_MiB, .depth = 20};
  const BytesPerSecond healthy = lab.pool->rate_alone(window);
  lab.pool->set_member(2, {.volume = nullptr});
  const BytesPerSecond degraded = lab.pool->rate_alone(window);
  EXPECT_NEAR(healthy.value(), 500e6, 5e6);
  EXPECT_NEAR(degraded.value(), 400e6, 4e6);
}

}  // namespace
}  // namespace labtwin::service
