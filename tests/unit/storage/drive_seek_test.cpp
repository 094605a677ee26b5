#include <gtest/gtest.h>

#include "models/storage/drive.hpp"
#include "models/storage/seek_rotation.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::storage {
namespace {

using namespace labtwin::storage::testing;

constexpr OwnerId kReader = 0;
constexpr OwnerId kStream = 1;
constexpr WorkId kBulk = 1'000'000;
constexpr std::uint64_t kFarAway = 1ULL << 40U;
constexpr double kHorizon = 100.0;
constexpr double kMebibyte = 1048576.0;

/// 8 ms of seek, half a turn of 4.17 ms, 200 MB/s; no gain from the queue, no scatter.
DiskMechanics mechanics() {
  return {.average_seek_read = 8_ms,
          .average_seek_write = 8_ms,
          .rotation = PerSecond::from_base(120.0),
          .bandwidth = 200_MBps,
          .ncq_exponent = 0.0,
          .tail = steady()};
}
constexpr double kPositioning = 8e-3 + 0.5 / 120.0;
constexpr double kOfBlock = kMebibyte / 200e6;
constexpr double kOfRead = 4096.0 / 200e6;
constexpr double kCommand = 1e-4;

/// A disk with a random reader that keeps one I/O outstanding, and what else tests put on it.
class DiskUnderTest {
 public:
  DiskUnderTest() : drive_(make_ncq_power(disk_parameters(mechanics())), settings()) {}

  Drive* operator->() { return &drive_; }

  void read_at_random(Seconds now) {
    drive_.submit(now, {.id = ++last_, .owner = kReader, .size = 4_KiB, .position = kFarAway * last_});
  }
  /// A block of a stream that is not handed over as a whole.
  void read_on(Seconds now) {
    drive_.submit(now, {.id = ++last_,
                        .owner = kStream,
                        .pattern = Pattern::Sequential,
                        .size = 1_MiB,
                        .position = static_cast<std::uint64_t>(kMebibyte) * num_issued_++});
  }
  void run(Seconds horizon) {
    while (const auto next = drive_.next_event()) {
      if (*next > horizon) break;
      for (const IoCompletion& completion : drive_.advance(*next)) {
        if (completion.id == kBulk) continue;
        (completion.owner == kReader ? num_reads_ : num_blocks_) += 1.0;
        completion.owner == kReader ? read_at_random(*next) : read_on(*next);
      }
    }
    static_cast<void>(drive_.advance(horizon));
  }
  [[nodiscard]] double num_reads() const { return num_reads_; }
  [[nodiscard]] double num_blocks() const { return num_blocks_; }

 private:
  static DriveSettings settings() {
    DriveSettings settings;
    settings.limits.tags = 32;
    settings.limits.has_head = true;
    return settings;
  }

  Drive drive_;
  WorkId last_ = 0;
  std::uint64_t num_issued_ = 0;
  double num_reads_ = 0.0;
  double num_blocks_ = 0.0;
};

BulkJob stream(unsigned depth) {
  return {.owner = kStream, .block_size = 1_MiB, .depth = depth};
}

TEST(DiskSeeks, AStreamAlonePaysNone) {
  DiskUnderTest disk;
  disk->start_bulk(0_s, kBulk, stream(1));
  disk.run(Seconds::from_base(kHorizon));
  const double blocks = disk->bulk_progress(Seconds::from_base(kHorizon), kBulk) / 1_MiB;
  EXPECT_NEAR(blocks, kHorizon / (kCommand + kOfBlock), 2.0);
}

TEST(DiskSeeks, AStreamAndARandomReaderTakeTurnsAndBothSeek) {
  DiskUnderTest disk;
  disk->start_bulk(0_s, kBulk, stream(1));
  disk.read_at_random(0_s);
  disk.run(Seconds::from_base(kHorizon));
  const double cycle = kPositioning + kOfBlock + kPositioning + kOfRead;
  EXPECT_NEAR(disk.num_reads(), kHorizon / cycle, 0.02 * kHorizon / cycle);
  EXPECT_NEAR(disk->bulk_progress(Seconds::from_base(kHorizon), kBulk) / 1_MiB, kHorizon / cycle, 0.02 * kHorizon / cycle);
}

TEST(DiskSeeks, BlocksInARowPayOneSeekForThemAll) {
  // Four blocks of the stream, then a read, and so on: one of four blocks finds the head elsewhere.
  DiskUnderTest disk;
  disk->start_bulk(0_s, kBulk, stream(4));
  disk.read_at_random(0_s);
  disk.run(Seconds::from_base(kHorizon));
  const double cycle = kPositioning + 4.0 * kOfBlock + 3.0 * kCommand + kPositioning + kOfRead;
  EXPECT_NEAR(disk->bulk_progress(Seconds::from_base(kHorizon), kBulk) / 1_MiB, 4.0 * kHorizon / cycle,
              0.03 * 4.0 * kHorizon / cycle);
}

TEST(DiskSeeks, AStreamIsTheSameAsAWholeAndBlockByBlock) {
  for (const bool with_reader : {false, true}) {
    DiskUnderTest as_whole;
    as_whole->start_bulk(0_s, kBulk, stream(2));
    DiskUnderTest by_block;
    by_block.read_on(0_s);
    by_block.read_on(0_s);
    for (DiskUnderTest* disk : {&as_whole, &by_block}) {
      if (with_reader) disk->read_at_random(0_s);
      disk->run(Seconds::from_base(kHorizon));
    }
    const double whole = as_whole->bulk_progress(Seconds::from_base(kHorizon), kBulk) / 1_MiB;
    EXPECT_NEAR(whole / by_block.num_blocks(), 1.0, 0.01) << with_reader;
    if (!with_reader) continue;
    EXPECT_NEAR(as_whole.num_reads() / by_block.num_reads(), 1.0, 0.01);
  }
}

TEST(DiskSeeks, TwoStreamsMoveTheHeadToAndFro) {
  DiskUnderTest disk;
  disk->start_bulk(0_s, kBulk, stream(1));
  BulkJob other = stream(1);
  other.region_begin = kFarAway;
  disk->start_bulk(0_s, kBulk + 1, other);
  disk.run(Seconds::from_base(kHorizon));
  const double each = kHorizon / (2.0 * (kPositioning + kOfBlock));
  EXPECT_NEAR(disk->bulk_progress(Seconds::from_base(kHorizon), kBulk) / 1_MiB, each, 0.02 * each);
}

}  // namespace
}  // namespace labtwin::storage
