#include "models/storage/read_ahead.hpp"

#include <gtest/gtest.h>

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

TEST(ReadAhead, DoublesUpToTheLimit) {
  EXPECT_EQ(first_window(4_KiB, 128_KiB), 16_KiB);
  EXPECT_EQ(next_window(16_KiB, 128_KiB), 32_KiB);
  EXPECT_EQ(next_window(32_KiB, 128_KiB), 64_KiB);
  EXPECT_EQ(next_window(64_KiB, 128_KiB), 128_KiB);
  EXPECT_EQ(next_window(128_KiB, 128_KiB), 128_KiB);
  EXPECT_EQ(first_window(16_KiB, 128_KiB), 32_KiB);
  EXPECT_EQ(first_window(64_KiB, 128_KiB), 128_KiB);
  EXPECT_EQ(next_window(16_KiB, 1_MiB), 64_KiB);
}

TEST(ReadAhead, OfAnEndlessFileKeepsTwoWindowsOfTheLimitInFlight) {
  const ReadAheadStream stream = read_ahead_stream(4_KiB, 128_KiB);
  EXPECT_EQ(stream.window, 128_KiB);
  EXPECT_EQ(stream.depth, 2U);
  EXPECT_EQ(read_ahead_stream(1_MiB, 128_KiB).window, 1_MiB);
  EXPECT_EQ(read_ahead_stream(4_MiB, 128_KiB).window, 1280_KiB);
}

TEST(ReadAhead, OfSmallFilesNeverReachesTheLimit) {
  // 16 + 32 + 64 KiB and the rest of 112 KiB: three windows.
  EXPECT_DOUBLE_EQ(read_ahead_stream(4_KiB, 128_KiB, 112_KiB).window / 1_KiB, 112.0 / 3.0);
  EXPECT_EQ(read_ahead_stream(4_KiB, 128_KiB, 4_KiB).window, 4_KiB);
  EXPECT_EQ(read_ahead_stream(4_KiB, 128_KiB, 4_KiB).depth, 1U);
  // 112 KiB in three windows, then seven of 128 KiB and a part of one.
  EXPECT_DOUBLE_EQ(read_ahead_stream(4_KiB, 128_KiB, 1_MiB).window / 1_KiB, 1024.0 / 11.0);
}

TEST(ReadAhead, OfLongerFilesComesCloserToTheLimit) {
  Bytes before;
  for (double size = 256.0; size < 1e6; size *= 4.0) {
    const Bytes window = read_ahead_stream(4_KiB, 128_KiB, size * 1_KiB).window;
    EXPECT_GT(window, before);
    before = window;
  }
  EXPECT_NEAR(before / 128_KiB, 1.0, 0.01);
}

}  // namespace
}  // namespace labtwin::storage
