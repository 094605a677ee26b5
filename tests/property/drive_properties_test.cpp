// What holds for any drive under any load, and for every drive of the catalog.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "models/catalog/catalog.hpp"
#include "models/registry.hpp"
#include "models/storage/drive.hpp"
#include "models/storage/drive_link.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

// A drive whose latency is the larger of floor and backlog, or bends between the two.
QueueDepthParameters drive_of(int floor_us, int megabytes_per_s, double knee) {
  const QueueDepthClass c{.latency_floor = Seconds::from_base(floor_us * 1e-6),
                          .stream_bandwidth = BytesPerSecond::from_base(1e30),
                          .max_iops = PerSecond::from_base(1e30),
                          .bandwidth = BytesPerSecond::from_base(megabytes_per_s * 1e6),
                          .knee = knee};
  return {c, c, c, c};
}

struct Arrival {
  Seconds gap;
  Bytes size;
};

std::vector<Arrival> some_arrivals() {
  const auto gaps_us = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 2000)));
  std::vector<Arrival> arrivals;
  for (int gap : gaps_us) {
    arrivals.push_back({Seconds::from_base(gap * 1e-6), Bytes::from_base(4096.0 * *rc::gen::inRange(1, 256))});
  }
  return arrivals;
}

struct Run {
  Bytes moved;
  Seconds first;
  Seconds last;
  double area = 0.0;  // under the number of requests in the drive, over time
  double sum_sojourn = 0.0;
};

Run run(Drive& drive, const std::vector<Arrival>& arrivals) {
  const RandomStream stream = RandomSource(11, 0).stream("arrivals");
  Run result;
  Seconds now;
  double num_inside = 0.0;
  const auto go_to = [&](Seconds next) {
    result.area += num_inside * (next - now).value();
    now = next;
    for (const IoCompletion& c : drive.advance(now)) {
      num_inside -= 1.0;
      result.sum_sojourn += (c.finished - c.submitted).value();
      result.last = c.finished;
    }
  };
  WorkId id = 0;
  for (const Arrival& arrival : arrivals) {
    const Seconds at = now + arrival.gap;
    for (auto next = drive.next_event(); next && *next <= at; next = drive.next_event()) go_to(*next);
    go_to(at);
    if (id == 0) result.first = at;
    drive.submit(at, {.id = id, .size = arrival.size, .position = stream.bits(id) >> 24U, .uniform = stream.uniform(id, 1)});
    result.moved += arrival.size;
    num_inside += 1.0;
    ++id;
  }
  while (const auto next = drive.next_event()) go_to(*next);
  return result;
}

RC_GTEST_PROP(DriveProperties, LittlesLawHoldsExactlyAndNothingIsFasterThanTheMedium, ()) {
  const int floor_us = *rc::gen::inRange(5, 500);
  const int megabytes_per_s = *rc::gen::inRange(100, 8000);
  Drive drive(make_queue_depth_curve(drive_of(floor_us, megabytes_per_s, *rc::gen::inRange(10, 60) / 10.0)), DriveSettings{});
  const Run result = run(drive, some_arrivals());
  RC_ASSERT(std::abs(result.area - result.sum_sojourn) < 1e-9 * (1.0 + result.area));
  // What has scatter may come early by its share of the last request, never by more than that.
  const double needed = result.moved.value() / (megabytes_per_s * 1e6);
  RC_ASSERT((result.last - result.first).value() >= 0.5 * needed);
}

RC_GTEST_PROP(DriveProperties, WorkThatWaitsIsAlwaysWorkedOn, ()) {
  const int floor_us = *rc::gen::inRange(5, 500);
  const int megabytes_per_s = *rc::gen::inRange(100, 8000);
  QueueDepthParameters sharp = drive_of(floor_us, megabytes_per_s, 60.0);
  const TailCurve steady(
      {{.utilization = 0.0, .shape = {.p50_ratio = 1.0, .p95_ratio = 1.0, .p99_ratio = 1.0, .p999_ratio = 1.0}}});
  for (QueueDepthClass* c : {&sharp.random_read, &sharp.random_write, &sharp.sequential_read, &sharp.sequential_write}) {
    c->tail = steady;
  }
  Drive drive(make_queue_depth_curve(sharp), DriveSettings{});
  std::vector<Arrival> arrivals = some_arrivals();
  for (Arrival& arrival : arrivals) arrival.gap = Seconds{};
  const Run result = run(drive, arrivals);
  const double work = result.moved.value() / (megabytes_per_s * 1e6);
  const double took = (result.last - result.first).value();
  RC_ASSERT(took >= 0.999 * work);
  RC_ASSERT(took <= 1.02 * (work + floor_us * 1e-6));
}

constexpr IoClass kClasses[] = {{Direction::Read, Pattern::Random, 4_KiB},
                                {Direction::Write, Pattern::Random, 4_KiB},
                                {Direction::Read, Pattern::Sequential, 128_KiB},
                                {Direction::Write, Pattern::Sequential, 128_KiB}};

TEST(EveryDrive, GainsWithDepthAndNeverExceedsItsMediumOrItsLink) {
  const catalog::Catalog catalog;
  for (const std::string& part : catalog.parts("drives")) {
    DrivePart drive = load_drive(catalog, part);
    const std::optional<DriveLink> link = drive.interface;
    const BytesPerSecond carried = link ? data_rate(*link) : BytesPerSecond::from_base(1e30);
    const std::unique_ptr<DriveLaw> law = link ? behind_link(std::move(drive.law), *link, link) : std::move(drive.law);
    for (const IoClass& io : kClasses) {
      double before = 0.0;
      for (double depth = 1.0; depth <= 1024.0; depth *= 2.0) {
        const ClosedLoop loop = closed_loop(*law, io, depth);
        EXPECT_GE(loop.iops.value(), before * (1.0 - 1e-9)) << part << " at depth " << depth;
        EXPECT_LE(loop.iops.value(), 1.0001 / law->work(io).value()) << part << " at depth " << depth;
        EXPECT_LE((io.block_size * loop.iops).value(), 1.001 * carried.value()) << part << " at depth " << depth;
        EXPECT_NEAR(loop.iops * loop.mean_latency, depth, 1e-6 * depth) << part;
        before = loop.iops.value();
      }
    }
  }
}

}  // namespace
}  // namespace labtwin::storage
