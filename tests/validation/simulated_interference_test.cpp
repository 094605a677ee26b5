// The simulated drive beside the closed form that predicts interference, on the measured rows of zns-a.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/calibration/interference_law.hpp"
#include "models/calibration/measurement_set.hpp"
#include "models/catalog/data_folder.hpp"
#include "models/storage/drive.hpp"
#include "models/storage/queue_depth_curve.hpp"

namespace labtwin::calibration {
namespace {

using namespace labtwin::literals;
using storage::Drive;
using storage::QueueDepthClass;

constexpr double kWriteBytes = 131072.0;
constexpr WorkId kFirstWrite = 1ULL << 40U;

ClosedLoopInterference fitted() {
  const auto set = read_measurement_set(catalog::find_data_folder().calibration / "data" / "zns-a" / "interference");
  std::vector<InterferenceMeasurement> rows;
  for (std::size_t i = 0; i < set.table.num_rows(); ++i) {
    if (set.table.split(i) != Split::Fit || !set.table.text(i, "series").starts_with("ZNS SSD \"zns-a\" (writes)")) continue;
    InterferenceMeasurement row;
    row.point.num_in_flight = set.table.number(i, "fg_iodepth").value_or(1.0);
    row.point.background_mb_per_s = set.table.number(i, "bg_mb_s").value_or(0.0);
    row.iops = set.table.number(i, "fg_iops");
    rows.push_back(row);
  }
  EXPECT_GE(rows.size(), 30U);
  return ClosedLoopInterference(rows);
}

// The law of the reads alone, writes that are flushed at 800 MB/s and weigh four times their 33 us: both fitted by eye to rows
// of shallow queues.
Drive drive_of(const ClosedLoopInterference& law) {
  const ClosedLoopInterference::Parameters& t = law.parameters();
  const BytesPerSecond no_limit = BytesPerSecond::from_base(1e15);
  const QueueDepthClass read{.latency_floor = Seconds::from_base(std::exp(t[0])),
                             .stream_bandwidth = no_limit,
                             .max_iops = PerSecond::from_base(std::exp(t[1])),
                             .bandwidth = no_limit,
                             .knee = std::max(1.0, std::exp(t[2]))};
  const QueueDepthClass write{
      .latency_floor = 12_us, .stream_bandwidth = 1500_MBps, .max_iops = 300000_per_s, .bandwidth = 4000_MBps, .knee = 3.0};
  storage::DriveSettings settings;
  settings.limits.tags = 1024;
  settings.limits.interference = {.write_on_read = 4.0, .read_on_write = 0.0};
  settings.limits.write_cache = storage::WriteCache{Bytes::from_base(64e6), 800_MBps};
  return {storage::make_queue_depth_curve({read, write, read, write}), settings};
}

// Reads per second that `depth` outstanding reads make beside paced writes, one at a time, over a simulated second.
double simulated_iops(Drive drive, unsigned depth, double mb_per_s) {
  const RandomStream stream = RandomSource(1, 0).stream("interference");
  WorkId next_read = 0;
  WorkId next_write = kFirstWrite;
  const auto read = [&](Seconds now) {
    drive.submit(now, {.id = next_read,
                       .size = Bytes::from_base(4096),
                       .position = stream.bits(next_read) >> 24U,
                       .uniform = stream.uniform(next_read, 1)});
    ++next_read;
  };
  const auto write = [&](Seconds now) {
    drive.submit(now, {.id = next_write++,
                       .owner = 1,
                       .direction = storage::Direction::Write,
                       .pattern = storage::Pattern::Sequential,
                       .size = Bytes::from_base(kWriteBytes)});
  };
  for (unsigned i = 0; i < depth; ++i) read(0_s);
  const Seconds pace = Seconds::from_base(kWriteBytes / (mb_per_s * 1e6));
  Seconds now;
  Seconds due;
  double done = 0.0;
  while (now < 1_s) {
    now = std::min(*drive.next_event(), due);
    for (const storage::IoCompletion& c : drive.advance(now)) {
      if (c.id >= kFirstWrite) continue;
      ++done;
      read(now);
    }
    if (now < due) continue;
    write(now);
    due = due + pace;
  }
  return done / now.value();
}

TEST(SimulatedInterference, AgreesWithTheClosedFormWithinTwelvePerCentUpToDepthFour) {
  const ClosedLoopInterference law = fitted();
  for (const unsigned depth : {1U, 2U, 4U}) {
    for (const double mb_per_s : {50.0, 100.0, 250.0, 500.0}) {
      const double expected = law.iops({.num_in_flight = double(depth), .background_mb_per_s = mb_per_s}).value;
      EXPECT_NEAR(simulated_iops(drive_of(law), depth, mb_per_s) / expected, 1.0, 0.12) << depth << " beside " << mb_per_s;
    }
  }
}

TEST(SimulatedInterference, IsTooWeakByUpToAFactorOfTwoWhereQueuesAreDeep) {
  const ClosedLoopInterference law = fitted();
  for (const unsigned depth : {64U, 256U}) {
    const double expected = law.iops({.num_in_flight = double(depth), .background_mb_per_s = 250.0}).value;
    const double simulated = simulated_iops(drive_of(law), depth, 250.0);
    EXPECT_GT(simulated, expected) << depth;
    EXPECT_LT(simulated, 2.1 * expected) << depth;
  }
}

}  // namespace
}  // namespace labtwin::calibration
