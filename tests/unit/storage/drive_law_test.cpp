#include "models/storage/drive_law.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/storage/ncq_power.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

QueueDepthClass nvme() {
  return {.latency_floor = 80_us, .stream_bandwidth = 2000_MBps, .max_iops = 500000_per_s, .bandwidth = 3000_MBps, .knee = 2.0};
}

TEST(QueueDepthCurve, IsTheNormOfFloorAndBacklog) {
  const auto law = make_queue_depth_curve({nvme(), nvme(), nvme(), nvme()});
  const IoClass io{.block_size = Bytes::from_base(6000)};
  // floor = 80 us + 6000 B / 2 GB/s = 83 us; work = max(1 / 500000 = 2 us, 6000 B / 3 GB/s = 2 us) = 2 us.
  EXPECT_NEAR(law->work(io).value(), 2e-6, 1e-15);
  // Depth 31: backlog 62 us, latency sqrt(83^2 + 62^2) = 103.6002 us.
  const ClosedLoop loop = closed_loop(*law, io, 31);
  EXPECT_NEAR(loop.mean_latency.value(), std::hypot(83e-6, 62e-6), 1e-12);
  EXPECT_NEAR(loop.iops.value(), 31 / std::hypot(83e-6, 62e-6), 1e-3);
  EXPECT_NEAR(loop.utilization, 62.0 / std::hypot(83.0, 62.0), 1e-12);
}

TEST(QueueDepthCurve, AddsTheCostsOfRequestAndBytesWhereTheySum) {
  QueueDepthClass c = nvme();
  c.work_rule = WorkRule::Sum;
  const auto law = make_queue_depth_curve({c, nvme(), nvme(), nvme()});
  EXPECT_NEAR(law->work({.block_size = Bytes::from_base(6000)}).value(), 4e-6, 1e-15);
  EXPECT_NEAR(law->work({.direction = Direction::Write, .block_size = Bytes::from_base(6000)}).value(), 2e-6, 1e-15);
}

TEST(QueueDepthCurve, RisesWithDepthAndNeverExceedsItsLimits) {
  for (const double knee : {1.0, 1.5, 3.0, 8.0}) {
    QueueDepthClass c = nvme();
    c.knee = knee;
    const auto law = make_queue_depth_curve({c, c, c, c});
    for (const Bytes block : {512_B, 4_KiB, 64_KiB, 1_MiB}) {
      PerSecond last;
      for (int depth = 1; depth <= 1024; depth *= 2) {
        const ClosedLoop loop = closed_loop(*law, {.block_size = block}, depth);
        EXPECT_GE(loop.iops, last);
        EXPECT_LE(loop.iops.value(), 500000 * (1 + 1e-12));
        EXPECT_LE((loop.iops * block).value(), 3e9 * (1 + 1e-12));
        last = loop.iops;
      }
    }
  }
}

TEST(NcqPower, FollowsThePowerOfDepthUpToTheCommandQueue) {
  const NcqClass c{.positioning_time = 10_ms, .bandwidth = 100_MBps, .ncq_exponent = 0.2};
  const auto law = make_ncq_power({c, c, c, c});
  const IoClass io{.block_size = Bytes::from_base(100000)};
  // One I/O takes 10 ms + 100 kB / 100 MB/s = 11 ms.
  EXPECT_NEAR(closed_loop(*law, io, 1).iops.value(), 1 / 0.011, 1e-9);
  EXPECT_NEAR(closed_loop(*law, io, 16).iops.value(), std::pow(16, 0.2) / 0.011, 1e-9);
  EXPECT_NEAR(closed_loop(*law, io, 256).iops.value(), std::pow(32, 0.2) / 0.011, 1e-9);
  EXPECT_NEAR(1.0 / law->work(io).value(), std::pow(32, 0.2) / 0.011, 1e-9);
}

TEST(MixedLoop, SharesTheQueueByLittlesLaw) {
  // A knee of 1 adds floor and backlog, so that depth N gives both halves floor + B: reads 80 us + B, writes 20 us + B.
  QueueDepthClass reads = nvme();
  reads.knee = 1.0;
  QueueDepthClass writes = reads;
  writes.latency_floor = 20_us;
  writes.max_iops = 100000_per_s;
  reads.stream_bandwidth = writes.stream_bandwidth = 1e9 * 1_MBps;
  reads.bandwidth = writes.bandwidth = 1e9 * 1_MBps;
  const auto law = make_queue_depth_curve({reads, writes, reads, writes});
  const IoClass read{.direction = Direction::Read, .block_size = Bytes::from_base(4096)};
  const IoClass write{.direction = Direction::Write, .block_size = Bytes::from_base(4096)};
  const MixedLoop loop = mixed_loop(*law, {read, write, 0.5}, 8);
  // With s = the share of reads in flight, B = 8 (2 s + 10 (1 - s)) us and s (100 us + 2 B) = 80 us + B.
  const double share = 0.5 * loop.iops.value() * loop.read_latency.value() / 8;
  const double backlog = 8 * (2e-6 * share + 10e-6 * (1 - share));
  EXPECT_NEAR(loop.read_latency.value(), 80e-6 + backlog, 1e-11);
  EXPECT_NEAR(loop.write_latency.value(), 20e-6 + backlog, 1e-11);
  EXPECT_NEAR(share * (100e-6 + 2 * backlog), 80e-6 + backlog, 1e-11);
}

TEST(MixedLoop, OfReadsAloneIsThePureLoop) {
  const auto law = make_queue_depth_curve({nvme(), nvme(), nvme(), nvme()});
  const IoClass io{.block_size = Bytes::from_base(4096)};
  const ClosedLoop pure = closed_loop(*law, io, 16);
  const MixedLoop mixed = mixed_loop(*law, {io, io, 1.0}, 16);
  EXPECT_NEAR(mixed.iops / pure.iops, 1.0, 1e-9);
  EXPECT_NEAR(mixed.utilization, pure.utilization, 1e-9);
}

}  // namespace
}  // namespace labtwin::storage
