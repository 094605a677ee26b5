#include "models/storage/page_cache.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace labtwin::storage {
namespace {

TEST(LruHitRatio, IsTheCachedShareWhenAllBlocksAreAlike) {
  for (const double share : {0.1, 0.5, 0.9}) {
    EXPECT_NEAR(lru_hit_ratio({.num_blocks = 1e6, .popularity = 0.0}, share * 1e6), share, 1e-6);
  }
}

TEST(LruHitRatio, IsAllOrNothingAtTheEnds) {
  EXPECT_EQ(lru_hit_ratio({.num_blocks = 100, .popularity = 0.8}, 0.0), 0.0);
  EXPECT_EQ(lru_hit_ratio({.num_blocks = 100, .popularity = 0.8}, 100.0), 1.0);
}

TEST(LruHitRatio, PredictsThePassageCacheOfRagPulse) {
  // Counted on the trace by playing its 33,255 draws of 3,235 passages through an LRU list.
  for (const auto& [entries, counted] : {std::pair{50.0, 0.21}, {200.0, 0.40}, {500.0, 0.60}, {1000.0, 0.75}, {2000.0, 0.87}}) {
    const double predicted = lru_hit_ratio({.num_blocks = 3235, .popularity = 0.80}, entries);
    EXPECT_LE(predicted, counted) << entries;
    EXPECT_NEAR(predicted, counted, 0.11) << entries;
  }
}

}  // namespace
}  // namespace labtwin::storage
