#include "models/storage/dirty_pages.hpp"

#include <gtest/gtest.h>

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

constexpr Bytes gb(double amount) {
  return Bytes::from_base(amount * 1e9);
}

TEST(DirtyPages, WritersAreHeldHalfWayBetweenTheLimits) {
  EXPECT_DOUBLE_EQ(dirty_room({}, gb(20)).value(), 3e9);
  EXPECT_DOUBLE_EQ(dirty_room({.background_ratio = 0.0, .ratio = 0.0}, gb(20)).value(), 0.0);
}

TEST(DirtyPages, AWriteThatFitsTakesTheCopy) {
  EXPECT_DOUBLE_EQ(buffered_write_time(gb(2), gb(3), 200_MBps).value(), 1.0);
}

TEST(DirtyPages, ALongWriteTakesTheDriveWhatIsLeft) {
  EXPECT_DOUBLE_EQ(buffered_write_time(gb(13), gb(3), 200_MBps).value(), 50.0);
}

TEST(DirtyPages, AFastDriveIsNoFasterThanTheCopy) {
  EXPECT_DOUBLE_EQ(buffered_write_time(gb(13), gb(3), 6000_MBps).value(), 6.5);
}

}  // namespace
}  // namespace labtwin::storage
