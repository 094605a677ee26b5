#include "models/storage/block_cache.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>

#include "models/base/rng.hpp"
#include "models/storage/page_cache.hpp"
#include "models/storage/sampled_cache.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

constexpr std::uint64_t kNumBlocks = 4000;
constexpr std::uint64_t kScanned = 1'000'000;

/// Hit ratio of independent reads, with `num_scanned` blocks that nobody reads again after each of them.
double hit_ratio(BlockCache& cache, double popularity, std::uint64_t num_scanned = 0) {
  const RandomStream draws(7);
  std::uint64_t num_hits = 0;
  std::uint64_t scanned = kScanned;
  const std::uint64_t num_reads = 60 * kNumBlocks;
  for (std::uint64_t i = 0; i < 2 * num_reads; ++i) {
    const bool hit = cache.touch(popular_block(draws.uniform(i), kNumBlocks, popularity));
    if (i >= num_reads && hit) ++num_hits;
    for (std::uint64_t k = 0; k < num_scanned; ++k) cache.touch(scanned++);
  }
  return static_cast<double>(num_hits) / static_cast<double>(num_reads);
}

/// The hit ratio of the blocks that are read most.
double best_possible(double popularity, double num_cached) {
  double kept = 0.0;
  double all = 0.0;
  for (std::uint64_t i = 1; i <= kNumBlocks; ++i) {
    const double read = std::pow(static_cast<double>(i), -popularity);
    all += read;
    if (static_cast<double>(i) <= num_cached) kept += read;
  }
  return kept / all;
}

TEST(BlockCache, HoldsItsShareOfBlocksThatAreReadEquallyOften) {
  for (const std::size_t capacity : {400U, 2000U, 3600U}) {
    const double share = static_cast<double>(capacity) / kNumBlocks;
    EXPECT_NEAR(hit_ratio(*make_two_list_cache(capacity, 3.0), 0.0), share, 0.01) << capacity;
    EXPECT_NEAR(hit_ratio(*make_adaptive_cache(capacity), 0.0), share, 0.01) << capacity;
  }
}

TEST(BlockCache, LiesBetweenLruAndTheBestForPopularBlocks) {
  for (const double popularity : {0.6, 0.8, 1.0}) {
    for (const std::size_t capacity : {200U, 1000U, 2000U}) {
      const auto num_cached = static_cast<double>(capacity);
      const double lru = lru_hit_ratio({.num_blocks = kNumBlocks, .popularity = popularity}, num_cached);
      const double best = best_possible(popularity, num_cached);
      for (const double measured : {hit_ratio(*make_two_list_cache(capacity, 3.0), popularity),
                                    hit_ratio(*make_adaptive_cache(capacity), popularity)}) {
        EXPECT_GT(measured, lru - 0.01) << popularity << " " << capacity;
        EXPECT_LT(measured, best + 0.02) << popularity << " " << capacity;
      }
    }
  }
}

TEST(BlockCache, AScanTakesLessThanItWouldFromLru) {
  // Three blocks of a scan after every read: an LRU list is a quarter as large for the reads.
  constexpr std::size_t kCapacity = 1000;
  const double lru = lru_hit_ratio({.num_blocks = kNumBlocks, .popularity = 0.8}, kCapacity / 4.0);
  EXPECT_GT(hit_ratio(*make_two_list_cache(kCapacity, 3.0), 0.8, 3), lru + 0.05);
  EXPECT_GT(hit_ratio(*make_adaptive_cache(kCapacity), 0.8, 3), lru + 0.05);
}

TEST(BlockCache, NeverHoldsMoreThanItsCapacity) {
  const RandomStream draws(3);
  for (const auto& cache : {make_two_list_cache(50, 3.0), make_adaptive_cache(50)}) {
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const std::uint64_t block = draws.bits(i) % 130;
      const bool was_held = cache->holds(block);
      EXPECT_EQ(cache->touch(block), was_held);
      EXPECT_TRUE(cache->holds(block));
      ASSERT_LE(cache->num_held(), 50U);
    }
    EXPECT_EQ(cache->num_held(), 50U);
  }
}

TEST(BlockCache, TheActiveListIsTheRootOfTheMemory) {
  // The table in mm/vmscan.c.
  EXPECT_EQ(active_per_inactive(100_MiB), 1.0);
  EXPECT_EQ(active_per_inactive(1_GiB), 3.0);
  EXPECT_EQ(active_per_inactive(10_GiB), 10.0);
  EXPECT_EQ(active_per_inactive(100_GiB), 31.0);
}

/// Share of `num_reads` reads of 4 KiB of a file that the cache serves.
double share_of_hits(SampledCache& cache, Bytes file, double popularity, std::uint64_t num_reads) {
  const RandomStream draws(11);
  const auto num_blocks = static_cast<std::uint64_t>(file / 4_KiB);
  std::uint64_t num_hits = 0;
  for (std::uint64_t i = 0; i < num_reads; ++i) {
    const std::uint64_t block = popular_block(draws.uniform(i), num_blocks, popularity);
    if (cache.read({.file = 1, .position = block * 4096, .size = 4_KiB})) ++num_hits;
  }
  return static_cast<double>(num_hits) / static_cast<double>(num_reads);
}

TEST(SampledCache, HasTheHitRatioOfALargeOne) {
  for (const CacheKind kind : {CacheKind::PageCache, CacheKind::Arc}) {
    for (const double gibibytes : {3.0, 12.0, 27.0}) {
      SampledCache cache({.kind = kind, .capacity = gibibytes * 1_GiB, .working_set = 30_GiB});
      cache.warm(1, 30_GiB, 0.0, RandomStream(5));
      EXPECT_NEAR(share_of_hits(cache, 30_GiB, 0.0, 200000), gibibytes / 30.0, 0.01) << gibibytes;
    }
  }
}

TEST(SampledCache, HoldsAllThatFits) {
  SampledCache cache({.capacity = 40_GiB, .working_set = 30_GiB});
  cache.warm(1, 30_GiB, 0.0, RandomStream(5));
  EXPECT_EQ(share_of_hits(cache, 30_GiB, 0.0, 10000), 1.0);
}

TEST(SampledCache, OfNoSizeHoldsNothing) {
  SampledCache cache({.working_set = 30_GiB});
  cache.warm(1, 30_GiB, 0.0, RandomStream(5));
  EXPECT_EQ(share_of_hits(cache, 30_GiB, 0.0, 1000), 0.0);
}

TEST(SampledCache, KeepsWholeRecords) {
  // A record of 128 KiB for every 4 KiB that is read: the same share of the file, though.
  SampledCache cache({.kind = CacheKind::Arc, .capacity = 8_GiB, .block = 128_KiB, .working_set = 32_GiB});
  cache.warm(1, 32_GiB, 0.0, RandomStream(5));
  EXPECT_NEAR(share_of_hits(cache, 32_GiB, 0.0, 100000), 0.25, 0.01);
}

TEST(SampledCache, AStreamEvictsWhatWasReadOnce) {
  SampledCache cache({.capacity = 10_GiB, .working_set = 8_GiB});
  cache.stream({.file = 1, .position = 0, .size = 8_GiB});
  EXPECT_EQ(share_of_hits(cache, 8_GiB, 0.0, 200), 1.0);
  for (std::uint64_t i = 0; i < 40; ++i) cache.stream({.file = 2, .position = i << 30U, .size = 1_GiB});
  EXPECT_LT(share_of_hits(cache, 8_GiB, 0.0, 200), 0.05);
}

}  // namespace
}  // namespace labtwin::storage
