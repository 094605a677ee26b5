#include "models/serving/block_pool.hpp"

#include <gtest/gtest.h>

namespace labtwin::serving {
namespace {

TEST(BlockPool, GivesTheBlockThatHasBeenFreeLongest) {
  BlockPool pool(3);
  EXPECT_EQ(pool.allocate(), 0U);
  EXPECT_EQ(pool.allocate(), 1U);
  pool.release(1);
  pool.release(0);
  EXPECT_EQ(pool.allocate(), 2U);
  EXPECT_EQ(pool.allocate(), 1U);
  EXPECT_EQ(pool.allocate(), 0U);
  EXPECT_EQ(pool.num_free(), 0U);
}

TEST(BlockPool, FindsWhatAFreeBlockHeldUntilItIsTakenAgain) {
  BlockPool pool(2);
  const BlockId block = pool.allocate();
  pool.label(block, {.content = 7, .index = 3});
  pool.release(block);
  ASSERT_EQ(pool.find({.content = 7, .index = 3}), block);
  EXPECT_FALSE(pool.find({.content = 7, .index = 4}));
  EXPECT_FALSE(pool.find({.content = 8, .index = 3}));
  static_cast<void>(pool.allocate());
  EXPECT_TRUE(pool.find({.content = 7, .index = 3}));
  EXPECT_EQ(pool.allocate(), block);
  EXPECT_FALSE(pool.find({.content = 7, .index = 3}));
}

TEST(BlockPool, KeepsASharedBlockUntilItsLastUserLeaves) {
  BlockPool pool(2);
  const BlockId block = pool.allocate();
  pool.share(block);
  pool.release(block);
  EXPECT_FALSE(pool.is_free(block));
  pool.release(block);
  EXPECT_TRUE(pool.is_free(block));
  pool.share(block);
  EXPECT_EQ(pool.num_free(), 1U);
}

}  // namespace
}  // namespace labtwin::serving
