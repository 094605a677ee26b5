#include "models/storage/thermal_state.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

// 25 degrees of air, 10 kelvin of idling, 60 more at full speed.
constexpr Cooling kBare{.kelvin_per_watt = 10.0, .time_constant = Seconds::from_base(100.0), .air = 25.0};

ThermalDesign design() {
  return {.idle_power = Watts::from_base(1.0),
          .active_power = Watts::from_base(7.0),
          .throttle_at = 80.0,
          .resume_at = 75.0,
          .slow_rate = 50_MBps};
}

// From the rise at the start: seconds until a rise, towards a steady one.
double time_between(double from, double to, double steady) {
  return 100.0 * std::log((from - steady) / (to - steady));
}

BulkJob writer(double gigabytes) {
  BulkJob job;
  job.direction = Direction::Write;
  job.block_size = 1_MiB;
  job.depth = 4;
  job.total = Bytes::from_base(gigabytes * 1e9);
  return job;
}

DriveSettings cooled(const Cooling& cooling) {
  DriveSettings settings;
  settings.limits.thermal = ThermalSettings{design(), cooling};
  return settings;
}

TEST(ThermalState, WarmsAndCoolsExponentially) {
  ThermalState state(design(), kBare);
  EXPECT_DOUBLE_EQ(state.temperature(), 35.0);
  state.stream(50_s, 0.5);
  EXPECT_NEAR(state.temperature(), 35.0 + 30.0 * (1.0 - std::exp(-0.5)), 1e-9);
  const double rise = state.temperature() - 35.0;
  state.stream(150_s, 0.0);
  EXPECT_NEAR(state.temperature(), 35.0 + rise * std::exp(-1.0), 1e-9);
}

TEST(ThermalState, CommandsHeatAsTheStreamThatTheyAre) {
  ThermalState commands(design(), kBare);
  ThermalState stream(design(), kBare);
  for (int i = 1; i <= 5000; ++i) commands.command(10_ms * static_cast<double>(i), 4_ms);
  stream.stream(50_s, 0.4);
  EXPECT_NEAR(commands.temperature(), stream.temperature(), 0.01);
}

TEST(ThermalState, ThrottlesAtOneThresholdAndResumesAtAnother) {
  ThermalState state(design(), kBare);
  const Seconds hot = *state.next_change(1.0);
  EXPECT_NEAR(hot.value(), time_between(0.0, 45.0, 60.0), 1e-9);
  state.stream(hot, 1.0);
  EXPECT_TRUE(state.is_throttled());
  const Seconds cool = *state.next_change(0.05);
  EXPECT_NEAR((cool - hot).value(), time_between(45.0, 40.0, 3.0), 1e-9);
  state.stream(cool, 0.05);
  EXPECT_FALSE(state.is_throttled());
}

TEST(ThermalState, NothingChangesBelowTheThreshold) {
  const ThermalState state(design(), kBare);
  EXPECT_FALSE(state.next_change(0.7).has_value());
}

TEST(ThermalState, TheSimulatedDriveFollowsTheClosedForm) {
  // 1 GB/s until it is too hot; then 50 MB/s, which is a twentieth of its time, until it has cooled; and so on.
  const double warm_up = time_between(0.0, 45.0, 60.0);
  const double pause = time_between(45.0, 40.0, 3.0);
  const double burst = time_between(40.0, 45.0, 60.0);
  DriveUnderTest drive(one_gigabyte_per_second(), cooled(kBare));
  drive->start_bulk(0_s, 1, writer(1e3));
  const double cycles = 4.0;
  const Seconds until = Seconds::from_base(warm_up + cycles * (pause + burst));
  drive.run_until(until);
  const double expected = warm_up + cycles * (0.05 * pause + burst);
  EXPECT_NEAR(drive->bulk_progress(until, 1).value() / (1e9 * expected), 1.0, 0.01);
}

TEST(ThermalState, AHeatSinkKeepsTheRate) {
  Cooling heat_sink = kBare;
  heat_sink.kelvin_per_watt = 3.0;
  DriveUnderTest drive(one_gigabyte_per_second(), cooled(heat_sink));
  drive->start_bulk(0_s, 1, writer(1000));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 1000.0, 1.0);
}

TEST(ThermalState, BlockByBlockAndAsAStreamItIsTheSame) {
  const auto progress = [](bool alone) {
    Cooling fast = kBare;
    fast.time_constant = 10_s;
    DriveUnderTest drive(one_gigabyte_per_second(), cooled(fast));
    drive->start_bulk(0_s, 1, writer(100));
    for (std::uint64_t i = 0; !alone && i < 4000; ++i) {
      drive.run_until(10_ms * static_cast<double>(i));
      drive->submit(10_ms * static_cast<double>(i), {.id = 1000 + i, .owner = 1, .size = Bytes::from_base(512.0)});
    }
    drive.run_until(40_s);
    return drive->bulk_progress(40_s, 1).value();
  };
  const double as_a_stream = progress(true);
  EXPECT_LT(as_a_stream, 35e9);
  EXPECT_NEAR(progress(false) / as_a_stream, 1.0, 0.02);
}

}  // namespace
}  // namespace labtwin::storage
