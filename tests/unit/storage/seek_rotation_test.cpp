#include "models/storage/seek_rotation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/base/units.hpp"
#include "models/storage/slc_cache_design.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

const DiskMechanics kDisk{.average_seek_read = 8_ms,
                          .average_seek_write = 9_ms,
                          .rotation = PerSecond::from_base(120.0),
                          .bandwidth = 150_MBps,
                          .ncq_exponent = 0.15};

constexpr IoClass kRandomRead{Direction::Read, Pattern::Random, 4_KiB};

TEST(SeekRotation, OneReadTakesASeekAndHalfATurn) {
  const auto law = make_ncq_power(disk_parameters(kDisk));
  // 8 ms + 1000 / 240 ms + 4 KiB / 150 MB/s.
  const double expected = 8e-3 + 1.0 / 240.0 + 4096.0 / 150e6;
  EXPECT_NEAR(1.0 / closed_loop(*law, kRandomRead, 1.0).iops.value(), expected, 1e-9);
}

TEST(SeekRotation, TheCommandQueueReordersReadsButNotWrites) {
  const auto law = make_ncq_power(disk_parameters(kDisk));
  const double gain = closed_loop(*law, kRandomRead, 32.0).iops / closed_loop(*law, kRandomRead, 1.0).iops;
  EXPECT_NEAR(gain, std::pow(32.0, 0.15), 1e-6);
  const IoClass write{Direction::Write, Pattern::Random, 4_KiB};
  EXPECT_NEAR(closed_loop(*law, write, 32.0).iops / closed_loop(*law, write, 1.0).iops, 1.0, 1e-9);
}

TEST(SeekRotation, SequentialBlocksRunAtTheRateOfTheMedium) {
  const auto law = make_ncq_power(disk_parameters(kDisk));
  const IoClass stream{Direction::Read, Pattern::Sequential, 1_MiB};
  const double rate = closed_loop(*law, stream, 8.0).iops.value() * 1048576.0;
  EXPECT_NEAR(rate, 1048576.0 / (1e-4 + 1048576.0 / 150e6), 1.0);
}

TEST(SlcCacheDesign, DataOnTheDriveTakesRoomFromTheCache) {
  const SlcCacheDesign design{.capacity = Bytes::from_base(1e12),
                              .fixed = Bytes::from_base(10e9),
                              .of_free = 0.3,
                              .direct_rate = 500_MBps,
                              .refill_rate = 500_MBps};
  EXPECT_NEAR(design.holding({}).size.value(), 310e9, 1.0);
  EXPECT_NEAR(design.holding(Bytes::from_base(800e9)).size.value(), 70e9, 1.0);
  EXPECT_NEAR(design.holding(Bytes::from_base(2e12)).size.value(), 10e9, 1.0);
}

}  // namespace
}  // namespace labtwin::storage
