#include "models/storage/flash_log.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

namespace labtwin::storage {
namespace {

const std::vector<WriteClass> kUniform = {{1.0, 1.0}};

/// Writes `amount` and returns what was copied meanwhile, per amount written.
double copies_over(FlashLog& log, double amount) {
  double copied = 0.0;
  double written = 0.0;
  while (written < amount) {
    copied += log.advance();
    written += log.step();
  }
  return copied / written;
}

TEST(FlashLog, AnEmptyDriveCopiesNothingUntilItsBlocksAreUsedUp) {
  FlashLog log(0.2, kUniform, FlashState::Empty);
  EXPECT_EQ(copies_over(log, 1.15), 0.0);
  EXPECT_GT(copies_over(log, 0.2), 0.0);
}

TEST(FlashLog, OnAFullDriveTheCliffComesAfterTheSpare) {
  FlashLog log(0.2, kUniform, FlashState::Full);
  EXPECT_EQ(copies_over(log, 0.19), 0.0);
  // The first blocks cleaned have lost 1 - exp(-0.2) = 18 % of their pages: 0.82 / 0.18 = 4.5 copies per write.
  static_cast<void>(copies_over(log, 0.02));
  EXPECT_NEAR(copies_over(log, 0.02), 4.5, 0.6);
}

TEST(FlashLog, UniformWritesSettleWhereTheClosedFormSays) {
  for (const double spare : {0.1, 0.2, 0.4}) {
    FlashLog log(spare, kUniform, FlashState::Full);
    static_cast<void>(copies_over(log, 3.0));
    EXPECT_NEAR(copies_over(log, 2.0) / steady_copies_per_write(spare), 1.0, 0.06) << spare;
  }
  // 1 + 0.2: u = exp(-1.2 (1 - u)) has the root u = 0.686.
  EXPECT_NEAR(steady_copies_per_write(0.2), 0.686 / 0.314, 0.02);
}

// The most of a cleaned block that can still be valid where a share of the pages is never rewritten: copies of those gather in
// blocks that greedy cleaning leaves alone once their share reaches that of its victims, so that they hold at most 1 / share as
// much flash as they need. The rest is the closed form of uniform writes.
double most_valid_beside_static(double spare, double static_share) {
  double valid = 0.9;
  for (int i = 0; i < 500; ++i) {
    const double flash_of_rewritten = (1.0 + spare - static_share / valid) / (1.0 - static_share);
    valid = std::exp(-flash_of_rewritten * (1.0 - valid));
  }
  return valid;
}

TEST(FlashLog, PagesThatNobodyRewritesHoldSpareThatTheRestLacks) {
  for (const auto& [spare, static_share] : {std::pair{0.2, 0.5}, {0.3, 0.3}, {0.1, 0.5}, {0.2, 0.25}}) {
    FlashLog log(spare, {{static_share, 0.0}, {1.0 - static_share, 1.0}}, FlashState::Full);
    static_cast<void>(copies_over(log, 8.0));
    const double valid = most_valid_beside_static(spare, static_share);
    const double copies = copies_over(log, 2.0);
    EXPECT_LT(copies, valid / (1.0 - valid)) << spare << " " << static_share;
    EXPECT_GT(copies, 0.7 * valid / (1.0 - valid)) << spare << " " << static_share;
    // In blocks of their own, all of the spare would serve the pages that are rewritten.
    EXPECT_GT(copies, steady_copies_per_write(spare));
    EXPECT_GT(copies, steady_copies_per_write(spare / (1.0 - static_share)));
  }
}

TEST(FlashLog, KeepsEveryPageOnceAndAddsUpToTheFlash) {
  FlashLog log(0.15, {{0.95, 0.05}, {0.05, 0.95}}, FlashState::Full);
  static_cast<void>(copies_over(log, 4.0));
  EXPECT_NEAR(log.valid(), 1.0, 1e-6);
  EXPECT_GE(log.free(), 0.0);
  EXPECT_LE(log.free() + log.valid(), 1.15 * 240.0 / 238.0 + 1e-9) << "two open blocks come on top";
}

TEST(FlashLog, ASmallHotSetNeverNeedsCopies) {
  FlashLog log(0.15, {{0.01, 1.0}, {0.99, 0.0}}, FlashState::Full);
  static_cast<void>(copies_over(log, 2.0));
  EXPECT_LT(copies_over(log, 2.0), 0.1);
}

TEST(FlashLog, MoreSpareMeansFewerCopies) {
  double last = 1e9;
  for (const double spare : {0.07, 0.14, 0.28, 0.56}) {
    EXPECT_LT(steady_copies_per_write(spare), last);
    last = steady_copies_per_write(spare);
  }
}

}  // namespace
}  // namespace labtwin::storage
