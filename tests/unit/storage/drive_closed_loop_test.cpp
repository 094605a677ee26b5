// The simulated drive against its law, and properties that hold for any law.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

QueueDepthParameters nvme() {
  const TailCurve tail(
      {{.utilization = 0.0, .shape = {.p50_ratio = 0.95, .p95_ratio = 1.2, .p99_ratio = 1.4, .p999_ratio = 2.5}},
       {.utilization = 1.0, .shape = {.p50_ratio = 0.9, .p95_ratio = 1.6, .p99_ratio = 1.9, .p999_ratio = 4.0}}});
  const QueueDepthClass c{.latency_floor = 80_us,
                          .stream_bandwidth = 2500_MBps,
                          .max_iops = 500000_per_s,
                          .bandwidth = 3500_MBps,
                          .knee = 1.5,
                          .tail = tail};
  return {c, c, c, c};
}

struct Measured {
  double iops = 0.0;
  double mean_latency = 0.0;
};

// Keeps `depth` reads outstanding until `count` are done, by hand, as a process would.
Measured sweep(Bytes block, unsigned depth, WorkId count) {
  DriveSettings settings;
  settings.scheduler.kind = SchedulerKind::MqDeadline;
  Drive drive(make_queue_depth_curve(nvme()), settings);
  const RandomStream stream = RandomSource(3, 0).stream("sweep");
  WorkId next = 0;
  const auto submit = [&](Seconds now) {
    drive.submit(now, {.id = next, .size = block, .position = stream.bits(next) >> 24U, .uniform = stream.uniform(next, 1)});
    ++next;
  };
  for (unsigned i = 0; i < depth; ++i) submit(0_s);
  WorkId done = 0;
  double latency = 0.0;
  Seconds now;
  while (done < count) {
    now = *drive.next_event();
    for (const IoCompletion& c : drive.advance(now)) {
      ++done;
      latency += (c.finished - c.submitted).value();
      submit(now);
    }
  }
  return {static_cast<double>(done) / now.value(), latency / static_cast<double>(done)};
}

TEST(ClosedLoop, SimulatedAgreesWithTheLawAtEveryDepthAndBlockSize) {
  const auto law = make_queue_depth_curve(nvme());
  for (const Bytes block : {4_KiB, 16_KiB, 128_KiB, 1_MiB}) {
    for (unsigned depth = 1; depth <= 128; depth *= 2) {
      const ClosedLoop expected = closed_loop(*law, {.block_size = block}, depth);
      const Measured got = sweep(block, depth, 20000);
      EXPECT_NEAR(got.iops / expected.iops.value(), 1.0, 0.02) << block.value() << " B, depth " << depth;
      EXPECT_NEAR(got.mean_latency / expected.mean_latency.value(), 1.0, 0.02) << block.value() << " B, depth " << depth;
    }
  }
}

// Random reads and writes of several owners at a rate near saturation, some cancelled.
TEST(Drive, CompletesEveryIoThatWasNotCancelledExactlyOnce) {
  DriveSettings settings;
  settings.scheduler.kind = SchedulerKind::MqDeadline;
  settings.limits.tags = 8;
  settings.limits.read_window = 1_MiB;
  settings.max_request = 256_KiB;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    DriveUnderTest drive(nvme(), settings);
    const RandomStream stream = RandomSource(seed, 0).stream("property");
    std::map<WorkId, int> outstanding;
    Seconds now;
    if (seed % 2 == 1)
      drive->start_bulk(now, 1000000, {.owner = 3, .block_size = 512_KiB, .depth = 3, .region_begin = 1ULL << 39U});
    for (WorkId id = 0; id < 3000; ++id) {
      now += 150_us * -std::log(stream.uniform(id));
      drive.run_until(now);
      drive->submit(now, {.id = id,
                          .owner = static_cast<OwnerId>(stream.bits(id, 1) % 3),
                          .direction = static_cast<Direction>(stream.bits(id, 2) % 2),
                          .size = Bytes::from_base(std::floor(4096.0 * (1.0 + 100.0 * stream.uniform(id, 3)))),
                          .position = stream.bits(id, 4) >> 24U,
                          .priority = static_cast<IoPriority>(stream.bits(id, 5) % 3),
                          .uniform = stream.uniform(id, 6)});
      ++outstanding[id];
      if (id % 7 == 0) {
        drive->cancel(now, id / 2);
        outstanding.erase(id / 2);  // may have completed before
      }
    }
    if (seed % 2 == 1) drive->cancel(now, 1000000);
    drive.run_until_idle();
    EXPECT_EQ(drive->num_in_flight(), 0U);
    EXPECT_EQ(drive->num_waiting(), 0.0);
    int num_negative = 0;
    std::map<WorkId, int> completed;
    for (const IoCompletion& c : drive.completions()) {
      ++completed[c.id];
      EXPECT_GE(c.finished, c.submitted);
      for (const Cause& cause : c.causes) num_negative += cause.duration < Seconds{} ? 1 : 0;
    }
    EXPECT_EQ(num_negative, 0);
    for (const auto& [id, times] : completed) EXPECT_EQ(times, 1) << id;
    for (const auto& [id, times] : outstanding) EXPECT_EQ(completed[id], 1) << id;
  }
}

TEST(Drive, NeverMovesMoreThanItsBandwidth) {
  for (const unsigned depth : {1U, 8U, 64U, 512U}) {
    for (const Bytes block : {4_KiB, 128_KiB, 1_MiB}) {
      const Measured got = sweep(block, depth, 5000);
      EXPECT_LE(got.iops * block.value(), 3.5e9 * 1.02);
      EXPECT_LE(got.iops, 500000 * 1.02);
    }
  }
}

}  // namespace
}  // namespace labtwin::storage
