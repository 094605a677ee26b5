#include "sim/service/pool_rebuild.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "sim/service/drive_service.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using storage::testing::sharp_drive;

/// RAID 5 of four drives of 100 MB/s, of which the last is gone, and a drive to take its place.
struct Degraded {
  explicit Degraded(Engine& of_test, BytesPerSecond spare_bandwidth = 100_MBps) : engine(of_test) {
    std::vector<PoolService::Member> places;
    for (unsigned i = 0; i < 3; ++i) {
      drives.push_back(std::make_unique<DriveService>(engine, static_cast<ResourceId>(i), sharp_drive(1_ms, 100_MBps)));
      places.push_back({.volume = drives.back().get()});
    }
    places.push_back({.volume = nullptr});
    spare = std::make_unique<DriveService>(engine, ResourceId{3}, sharp_drive(1_ms, spare_bandwidth));
    const storage::PoolLayout layout{
        .redundancy = storage::Redundancy::Parity, .width = 4, .parity = 1, .unit = storage::kDefaultChunk};
    pool = std::make_unique<PoolService>(engine, ResourceId{4}, layout, places);
    options = {.owner = 1, .start = 2_s, .place = 3, .onto = spare.get(), .amount = 1_GiB, .block_size = 128_KiB, .depth = 8};
  }
  ~Degraded() { engine.end_processes(); }
  Degraded(const Degraded&) = delete;
  Degraded& operator=(const Degraded&) = delete;

  /// Seconds from the start of the rebuild until the pool is whole.
  double rebuild(std::optional<Seconds> horizon = std::nullopt) {
    job = std::make_unique<PoolRebuild>(engine, RandomSource(1, 0), *pool, options);
    engine.spawn("rebuild", job->run());
    engine.run(horizon);
    return job->active_time().value();
  }

  Engine& engine;
  std::vector<std::unique_ptr<DriveService>> drives;
  std::unique_ptr<DriveService> spare;
  std::unique_ptr<PoolService> pool;
  PoolRebuildOptions options;
  std::unique_ptr<PoolRebuild> job;
};

constexpr double kGiB = 1073741824.0;

TEST(PoolRebuild, TakesAsLongAsTheSlowestMember) {
  Engine engine;
  Degraded degraded(engine, 50_MBps);
  EXPECT_NEAR(degraded.rebuild(), kGiB / 50e6, 0.1);
  EXPECT_DOUBLE_EQ(degraded.job->progress(), 1.0);
  EXPECT_NEAR(degraded.job->bytes_read().value(), 3.0 * kGiB, 1.0);
  EXPECT_NEAR(degraded.job->bytes_written().value(), kGiB, 1.0);
  EXPECT_TRUE(degraded.pool->members()[3].is_readable);
}

TEST(PoolRebuild, KeepsItsLimit) {
  Engine engine;
  Degraded degraded(engine);
  degraded.options.max_rate = 20_MBps;
  EXPECT_NEAR(degraded.rebuild(), kGiB / 20e6, 0.1);
}

TEST(PoolRebuild, IsNotDoneBeforeItsTime) {
  Engine engine;
  Degraded degraded(engine);
  EXPECT_NEAR(degraded.rebuild(6_s), 4.0, 1e-9);
  EXPECT_NEAR(degraded.job->progress(), 4.0 * 100e6 / kGiB, 0.01);
  EXPECT_FALSE(degraded.pool->members()[3].is_readable);
  EXPECT_EQ(degraded.pool->main_owner(), 1);
}

// One read after the other, for ten seconds; the longest of those while the pool rebuilds.
Task<> read_on(Engine& engine, PoolService& pool, Seconds& longest) {
  const Seconds start = engine.now();
  for (std::uint64_t i = 0; engine.now() < start + 10_s; ++i) {
    const Seconds began = engine.now();
    std::vector<storage::Io> reads(1);
    reads[0] = {.owner = 2, .size = 4_KiB, .position = i << 20U};
    auto burst = pool.perform(std::move(reads));
    co_await burst;
    if (began > start + 3_s) longest = std::max(longest, engine.now() - began);
  }
}

// A gentle rebuild costs those who read less, and takes longer for it.
TEST(PoolRebuild, YieldsToOthersIfTold) {
  Engine engine;
  std::array<double, 2> took{};
  std::array<Seconds, 2> longest;
  for (const std::size_t is_gentle : {0U, 1U}) {
    Degraded degraded(engine);
    degraded.options.start = engine.now() + 2_s;
    degraded.options.yielding = {.depth = is_gentle == 1 ? 1U : 8U, .settle = 5};
    engine.spawn("reader", read_on(engine, *degraded.pool, longest[is_gentle]));
    took[is_gentle] = degraded.rebuild();
  }
  EXPECT_NEAR(longest[0].value(), 8.0 * 131072.0 / 100e6, 1e-3);
  EXPECT_LT(longest[1].value(), 3e-3);
  EXPECT_GT(took[1], took[0]);
}

}  // namespace
}  // namespace labtwin::service
