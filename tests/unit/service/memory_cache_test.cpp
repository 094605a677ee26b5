#include "sim/service/memory_cache.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "models/storage/dirty_pages.hpp"
#include "sim/engine/engine.hpp"
#include "sim/service/drive_service.hpp"
#include "sim/service/etl_job.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using storage::testing::sharp_drive;

constexpr Bytes kTable = 20_GiB;

/// A node that reads a table twice through a cache of this size.
struct Lab {
  explicit Lab(Bytes capacity) : cache({.capacity = capacity}) {
    EtlJobOptions options;
    options.read = IoWindow{.block_size = 1_MiB, .depth = 2};
    options.schedule = {.start = 0_s, .volume = kTable, .every = 100_s};
    const CachedFile file{.cache = &cache, .file = cache.add_file()};
    const EtlJob::Places places{.read_drive = &drive, .write_drive = &drive, .cores = &cores, .memory = file};
    job = std::make_unique<EtlJob>(engine, RandomSource(1, 0), options, places, 500_MBps);
    cache.add_stream(file.file, kTable, [this] { return job->bytes_read(); });
    engine.spawn("job", job->run(), ProcessKind::Server);
  }
  ~Lab() { engine.end_processes(); }

  Engine engine;
  Cores cores{engine, 1, 2};
  DriveService drive{engine, 0, sharp_drive(1_us, 500_MBps)};
  MemoryCache cache;
  std::unique_ptr<EtlJob> job;
};

TEST(MemoryCache, ServesTheSecondPassOverWhatItHolds) {
  Lab lab(24_GiB);
  lab.engine.run(199_s);
  EXPECT_EQ(lab.job->num_passes(), 2U);
  EXPECT_NEAR(lab.job->bytes_read() / kTable, 2.0, 1e-9);
  const Seconds from_drive = kTable / 500_MBps;
  EXPECT_NEAR(lab.job->time_of_passes().value(), (from_drive + kTable / storage::kCopyRate).value(), 1.0);
}

TEST(MemoryCache, ServesNothingOfAPassOverMoreThanItHolds) {
  Lab lab(16_GiB);
  lab.engine.run(199_s);
  EXPECT_EQ(lab.job->num_passes(), 2U);
  EXPECT_NEAR(lab.job->time_of_passes().value(), 2.0 * (kTable / 500_MBps).value(), 1.0);
}

TEST(MemoryCache, AStreamPushesOutWhatWasReadOnce) {
  MemoryCache cache({.capacity = 8_GiB, .working_set = 4_GiB});
  const MemoryCache::FileId index = cache.add_file();
  const MemoryCache::FileId backup = cache.add_file();
  for (std::uint64_t i = 0; i < 4096; ++i) static_cast<void>(cache.read(index, i << 20U, 1_MiB));
  EXPECT_EQ(cache.served_share(index, 4_GiB), 1.0);
  Bytes moved;
  cache.add_stream(backup, {}, [&moved] { return moved; });
  moved = 100_GiB;
  EXPECT_LT(cache.served_share(index, 4_GiB), 0.01);
}

TEST(MemoryCache, AStreamLeavesMostOfWhatIsReadOften) {
  MemoryCache cache({.capacity = 8_GiB, .working_set = 4_GiB});
  const MemoryCache::FileId index = cache.add_file();
  cache.warm(index, 4_GiB, 0.0, RandomStream(1));
  Bytes moved;
  cache.add_stream(cache.add_file(), {}, [&moved] { return moved; });
  moved = 100_GiB;
  EXPECT_GT(cache.served_share(index, 4_GiB), 0.95);
}

}  // namespace
}  // namespace labtwin::service
