#include "models/storage/garbage_collection.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr double kGb = 1e9;

// 100 GB that take random writes at 1 GB/s while there are free blocks.
FlashParameters flash() {
  return {
      .capacity = Bytes::from_base(100.0 * kGb), .sequential = 1000_MBps, .random = 1000_MBps, .spare = 0.2, .copy_cost = 1.2};
}

FlashUse use(FlashHistory history, double gigabytes = 100.0) {
  FlashUse use;
  use.data = Bytes::from_base(gigabytes * kGb);
  use.history = history;
  return use;
}

DriveSettings aging(const FlashUse& use) {
  DriveSettings settings;
  settings.limits.aging = FlashAging{flash(), use};
  return settings;
}

BulkJob writer(double gigabytes, Pattern pattern = Pattern::Random) {
  BulkJob job;
  job.direction = Direction::Write;
  job.pattern = pattern;
  job.block_size = 1_MiB;
  job.depth = 4;
  job.total = Bytes::from_base(gigabytes * kGb);
  return job;
}

// Seconds that the closed form of the law needs: 1 s per GB written, 1.2 s per GB copied.
double time_of_log(double gigabytes, FlashState state) {
  FlashLog log(0.2, {WriteClass{}}, state);
  double written = 0.0;
  double copied = 0.0;
  for (; written < gigabytes / 100.0; written += log.step()) copied += log.advance();
  return gigabytes + 1.2 * 100.0 * copied;
}

TEST(GarbageCollection, CostsNothingWhileBlocksAreFree) {
  GarbageCollection collection(flash(), use(FlashHistory::Sanitized));
  collection.write(Bytes::from_base(100.0 * kGb));
  EXPECT_EQ(collection.copy_time(1_MiB), 0_s);
  EXPECT_EQ(collection.write_amplification(), 1.0);
}

TEST(GarbageCollection, SettlesAtTheWriteAmplificationOfTheSpare) {
  const GarbageCollection collection(flash(), use(FlashHistory::Rewritten));
  const double steady = 1.0 + steady_copies_per_write(0.2);
  EXPECT_NEAR(collection.write_amplification() / steady, 1.0, 0.08);
}

TEST(GarbageCollection, CountsWhatTheFlashWrites) {
  GarbageCollection collection(flash(), use(FlashHistory::Rewritten));
  const double amplification = collection.write_amplification();
  collection.write(1_MiB);
  EXPECT_EQ(collection.writes().host, 1_MiB);
  EXPECT_NEAR(collection.writes().flash / 1_MiB, amplification, 1e-12);
  EXPECT_NEAR(collection.writes(1_MiB).flash / 1_MiB, amplification + collection.write_amplification(), 1e-12);
}

TEST(GarbageCollection, FlashThatHoldsNoDataIsSpare) {
  const GarbageCollection full(flash(), use(FlashHistory::Rewritten, 100.0));
  const GarbageCollection half(flash(), use(FlashHistory::Rewritten, 50.0));
  EXPECT_NEAR(half.write_amplification(), 1.0 + steady_copies_per_write(1.4), 0.06);
  EXPECT_LT(half.write_amplification(), full.write_amplification());
}

TEST(GarbageCollection, HotAndColdPagesInOneBlockCostMore) {
  const auto amplification = [](const std::vector<WriteClass>& classes) {
    FlashUse skewed = use(FlashHistory::Rewritten);
    skewed.classes = classes;
    return GarbageCollection(flash(), skewed).write_amplification();
  };
  const double uniform = amplification({WriteClass{}});
  // Hot and cold pages in the same blocks: the cold ones are copied again and again, as the measured drives show.
  EXPECT_GT(amplification({{0.95, 0.05}, {0.05, 0.95}}), uniform);
}

TEST(GarbageCollection, TheSimulatedDriveAgreesWithTheLaw) {
  for (const auto& [history, state] :
       {std::pair{FlashHistory::Sanitized, FlashState::Empty}, std::pair{FlashHistory::Filled, FlashState::Full}}) {
    DriveUnderTest drive(one_gigabyte_per_second(), aging(use(history)));
    drive->start_bulk(0_s, 1, writer(300));
    drive.run_until_idle();
    EXPECT_NEAR(drive.finished(1) / time_of_log(300.0, state), 1.0, 0.02);
  }
}

TEST(GarbageCollection, BlockByBlockAndAsAStreamItIsTheSame) {
  // A reader now and then keeps the writer from being alone; its work is next to nothing.
  const auto progress = [](bool alone) {
    DriveUnderTest drive(one_gigabyte_per_second(), aging(use(FlashHistory::Filled)));
    drive->start_bulk(0_s, 1, writer(60));
    for (std::uint64_t i = 0; !alone && i < 6000; ++i) {
      drive.run_until(10_ms * static_cast<double>(i));
      drive->submit(10_ms * static_cast<double>(i), {.id = 1000 + i, .owner = 1, .size = Bytes::from_base(512.0)});
    }
    drive.run_until(60_s);
    return drive->bulk_progress(60_s, 1).value();
  };
  const double as_a_stream = progress(true);
  EXPECT_LT(as_a_stream, 45.0 * kGb) << "the cliff comes first";
  EXPECT_NEAR(progress(false) / as_a_stream, 1.0, 0.02);
}

TEST(GarbageCollection, SequentialWritesCostNoCopies) {
  DriveUnderTest drive(one_gigabyte_per_second(), aging(use(FlashHistory::Rewritten)));
  drive->start_bulk(0_s, 1, writer(50, Pattern::Sequential));
  drive.run_until_idle();
  EXPECT_NEAR(drive.finished(1), 50.0, 0.1);
}

TEST(GarbageCollection, ReadsWaitBehindCopies) {
  const auto mean_read = [](FlashHistory history) {
    DriveUnderTest drive(one_gigabyte_per_second(), aging(use(history)));
    BulkJob job = writer(100);
    job.depth = 1;
    job.total.reset();
    drive->start_bulk(0_s, 1, job);
    double sum = 0.0;
    for (std::uint64_t i = 1; i <= 200; ++i) {
      const Seconds at = 7_ms * static_cast<double>(i);
      drive.run_until(at);
      drive->submit(at, {.id = 1000 + i, .owner = 1, .size = Bytes::from_base(4096.0)});
    }
    drive.run_until(3_s);
    for (std::uint64_t i = 1; i <= 200; ++i) sum += drive.finished(1000 + i) - 7e-3 * static_cast<double>(i);
    return sum / 200.0;
  };
  EXPECT_GT(mean_read(FlashHistory::Rewritten), 2.0 * mean_read(FlashHistory::Sanitized));
}

}  // namespace
}  // namespace labtwin::storage
