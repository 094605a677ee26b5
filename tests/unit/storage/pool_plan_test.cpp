#include "models/storage/pool_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

PoolLayout layout(std::string_view name, unsigned members, Bytes unit, unsigned groups = 1) {
  const auto names = pool_layout_names();
  const auto row = std::find_if(names.begin(), names.end(), [&](const PoolLayoutName& n) { return n.name == name; });
  return make_pool_layout(*row, members, groups, unit);
}

std::vector<MemberState> healthy(const PoolLayout& pool) {
  return std::vector<MemberState>(pool.num_members());
}

std::vector<MemberState> without(const PoolLayout& pool, std::vector<unsigned> missing) {
  auto members = healthy(pool);
  for (const unsigned m : missing) members[m] = {.is_readable = false, .is_writable = false};
  return members;
}

Io random_read(std::uint64_t position, Bytes size) {
  return {.direction = Direction::Read, .pattern = Pattern::Random, .size = size, .position = position};
}

Io random_write(std::uint64_t position, Bytes size) {
  return {.direction = Direction::Write, .pattern = Pattern::Random, .size = size, .position = position};
}

Bytes bytes(const std::vector<MemberIo>& ios, Direction direction) {
  Bytes sum;
  for (const MemberIo& io : ios) {
    if (io.direction == direction) sum += io.size;
  }
  return sum;
}

TEST(PoolPlan, ChunksGoRoundTheMembersOfRaid0) {
  const PoolLayout pool = layout("raid0", 4, 64_KiB);
  const MemberPlan plan = plan_io(pool, random_read(5 * 65536 + 4096, 64_KiB), healthy(pool));
  ASSERT_EQ(plan.then.size(), 2U);
  EXPECT_TRUE(plan.first.empty());
  EXPECT_EQ(plan.then[0].member, 1U);
  EXPECT_EQ(plan.then[0].position, 65536U + 4096U);
  EXPECT_DOUBLE_EQ(plan.then[0].size.value(), 61440.0);
  EXPECT_EQ(plan.then[1].member, 2U);
  EXPECT_EQ(plan.then[1].position, 65536U);
}

TEST(PoolPlan, AMirrorReadsWhereFewestIosAreAndWritesEverywhere) {
  const PoolLayout pool = layout("raid1", 3, kDefaultChunk);
  auto members = healthy(pool);
  members[0].in_flight = 2;
  members[1].in_flight = 1;
  members[2].in_flight = 3;
  EXPECT_EQ(plan_io(pool, random_read(0, 4_KiB), members).then.front().member, 1U);
  const MemberPlan write = plan_io(pool, random_write(0, 4_KiB), members);
  EXPECT_EQ(write.then.size(), 3U);
  EXPECT_TRUE(write.first.empty());
}

// n members read n times what one reads: each gets the same share of many reads.
TEST(PoolPlan, ReadsOfAMirrorSpreadOverAllMembers) {
  const PoolLayout pool = layout("raid1", 3, kDefaultChunk);
  std::map<unsigned, int> reads;
  for (std::uint64_t i = 0; i < 300; ++i) ++reads[plan_io(pool, random_read(i << 19U, 4_KiB), healthy(pool)).then[0].member];
  for (unsigned m = 0; m < 3; ++m) EXPECT_EQ(reads[m], 100);
}

TEST(PoolPlan, ASmallWriteOnRaid5IsFourIosAndOnRaid6Six) {
  for (const unsigned width : {4U, 5U, 8U}) {
    const PoolLayout pool = layout("raid5", width, 64_KiB);
    const MemberPlan plan = plan_io(pool, random_write(3 * 65536 + 8192, 4_KiB), healthy(pool));
    EXPECT_EQ(plan.first.size(), 2U) << width;
    EXPECT_EQ(plan.then.size(), 2U) << width;
    for (const MemberIo& io : plan.then) EXPECT_DOUBLE_EQ(io.size.value(), 4096.0);
  }
  const PoolLayout pool = layout("raid6", 8, 64_KiB);
  const MemberPlan plan = plan_io(pool, random_write(0, 4_KiB), healthy(pool));
  EXPECT_EQ(plan.first.size(), 3U);
  EXPECT_EQ(plan.then.size(), 3U);
}

// Three members: reading the one other chunk of the row is less than reading old data and parity.
TEST(PoolPlan, ANarrowRowIsReconstructed) {
  const PoolLayout pool = layout("raid5", 3, 64_KiB);
  const MemberPlan plan = plan_io(pool, random_write(0, 4_KiB), healthy(pool));
  EXPECT_EQ(plan.first.size(), 1U);
  EXPECT_EQ(plan.then.size(), 2U);
}

TEST(PoolPlan, AWholeRowNeedsNoReads) {
  const PoolLayout pool = layout("raid6", 6, 64_KiB);
  const MemberPlan plan = plan_io(pool, random_write(4 * 65536, 256_KiB), healthy(pool));
  EXPECT_TRUE(plan.first.empty());
  EXPECT_EQ(plan.then.size(), 6U);
  EXPECT_DOUBLE_EQ(bytes(plan.then, Direction::Write).value(), 6.0 * 65536.0);
}

// A write from the middle of one chunk to the middle of the next: every byte of data once, and parity of every row it touches.
TEST(PoolPlan, AWriteAcrossChunksTouchesEachRowOnce) {
  const PoolLayout pool = layout("raid5", 5, 64_KiB);
  const MemberPlan plan = plan_io(pool, random_write(65536 - 8192, 16_KiB), healthy(pool));
  // 8 KiB at the end of chunk 0, 8 KiB at the start of chunk 1, and parity of these two pieces.
  EXPECT_DOUBLE_EQ(bytes(plan.then, Direction::Write).value(), 4.0 * 8192.0);
  EXPECT_DOUBLE_EQ(bytes(plan.first, Direction::Read).value(), 4.0 * 8192.0);
}

TEST(PoolPlan, EveryMemberOfRaid5HoldsParityEquallyOften) {
  const PoolLayout pool = layout("raid5", 4, 64_KiB);
  std::map<unsigned, int> reads;
  for (std::uint64_t unit = 0; unit < 12; ++unit)
    ++reads[plan_io(pool, random_read(unit << 16U, 4_KiB), healthy(pool)).then[0].member];
  for (unsigned m = 0; m < 4; ++m) EXPECT_EQ(reads[m], 3) << m;
}

TEST(PoolPlan, AMissingChunkIsTheSameRowsOfAllOthers) {
  const PoolLayout pool = layout("raid5", 5, 64_KiB);
  for (std::uint64_t unit = 0; unit < 20; ++unit) {
    const Io io = random_read((unit << 16U) + 4096, 8_KiB);
    const MemberPlan before = plan_io(pool, io, healthy(pool));
    const MemberPlan after = plan_io(pool, io, without(pool, {2}));
    if (before.then[0].member != 2) {
      EXPECT_EQ(after.then.size(), 1U);
      continue;
    }
    ASSERT_EQ(after.then.size(), 4U);
    for (const MemberIo& one : after.then) {
      EXPECT_NE(one.member, 2U);
      EXPECT_EQ(one.position, before.then[0].position);
      EXPECT_DOUBLE_EQ(one.size.value(), 8192.0);
    }
  }
}

// Healthy reads of whole rows and what reconstruction adds: the parity instead of the chunk that is gone.
TEST(PoolPlan, AWholeRowWithAMemberMissingReadsAsMuchAsBefore) {
  const PoolLayout pool = layout("raid5", 5, 64_KiB);
  const Io io = random_read(0, 256_KiB);
  const MemberPlan after = plan_io(pool, io, without(pool, {0}));
  EXPECT_DOUBLE_EQ(bytes(plan_io(pool, io, healthy(pool)).then, Direction::Read).value(), 262144.0);
  EXPECT_DOUBLE_EQ(bytes(after.then, Direction::Read).value(), 262144.0);
  EXPECT_EQ(after.then.size(), 4U);
}

TEST(PoolPlan, WritesLeaveMissingMembersOut) {
  const PoolLayout pool = layout("raid5", 5, 64_KiB);
  for (std::uint64_t unit = 0; unit < 20; ++unit) {
    const MemberPlan plan = plan_io(pool, random_write(unit << 16U, 4_KiB), without(pool, {3}));
    for (const MemberIo& io : plan.first) EXPECT_NE(io.member, 3U);
    for (const MemberIo& io : plan.then) EXPECT_NE(io.member, 3U);
    EXPECT_GE(plan.then.size(), 1U);
  }
}

// 128 KiB over 4 data columns of 4 KiB sectors: 32 KiB each, parity is not read.
TEST(PoolPlan, ARandomReadOfRaidzCostsTheVdev) {
  const PoolLayout pool = layout("raidz2", 6, 128_KiB);
  const MemberPlan plan = plan_io(pool, random_read(7 * 131072 + 4096, 4_KiB), healthy(pool));
  ASSERT_EQ(plan.then.size(), 4U);
  for (const MemberIo& io : plan.then) EXPECT_DOUBLE_EQ(io.size.value(), 32768.0);
}

TEST(PoolPlan, ASmallRecordOfRaidzIsOnOneMemberAndItsParity) {
  const PoolLayout pool = layout("raidz2", 6, 4_KiB);
  EXPECT_EQ(plan_io(pool, random_read(0, 4_KiB), healthy(pool)).then.size(), 1U);
  EXPECT_EQ(plan_io(pool, random_write(0, 4_KiB), healthy(pool)).then.size(), 3U);
}

TEST(PoolPlan, RaidzReadsAllParityOnceDataIsMissing) {
  const PoolLayout pool = layout("raidz2", 6, 128_KiB);
  for (std::uint64_t record = 0; record < 12; ++record) {
    const Io io = random_read(record << 17U, 128_KiB);
    const auto before = plan_io(pool, io, healthy(pool)).then;
    const bool had_data = std::any_of(before.begin(), before.end(), [](const MemberIo& one) { return one.member == 1; });
    EXPECT_EQ(plan_io(pool, io, without(pool, {1})).then.size(), had_data ? 5U : 4U);
  }
}

TEST(PoolPlan, APartOfARecordIsReadBeforeItIsWrittenAnew) {
  const PoolLayout pool = layout("raidz1", 5, 128_KiB);
  const MemberPlan part = plan_io(pool, random_write(4096, 4_KiB), healthy(pool));
  EXPECT_DOUBLE_EQ(bytes(part.first, Direction::Read).value(), 131072.0);
  EXPECT_DOUBLE_EQ(bytes(part.then, Direction::Write).value(), 131072.0 * 5.0 / 4.0);
  EXPECT_TRUE(plan_io(pool, random_write(131072, 128_KiB), healthy(pool)).first.empty());
}

// Bytes of a stream are conserved: every layout reads what it was asked for and writes its copies and parity, spread evenly.
TEST(PoolStream, ReadsEveryByteOnceAndWritesItsRedundancy) {
  const std::map<std::string_view, double> written{{"raid0", 1.0},  {"raid10", 2.0},         {"raid5", 4.0 / 3.0},
                                                   {"raid6", 2.0},  {"raidz1", 43.0 / 32.0}, {"raidz2", 2.0},
                                                   {"mirror", 4.0}, {"raid1", 4.0}};
  for (const auto& [name, redundancy] : written) {
    const PoolLayout pool = layout(name, 4, 128_KiB);
    const auto reads = stream_of_blocks(pool, Direction::Read, 1_MiB, healthy(pool));
    const auto writes = stream_of_blocks(pool, Direction::Write, 1_MiB, healthy(pool));
    double read = 0.0;
    double write = 0.0;
    for (unsigned m = 0; m < 4; ++m) {
      read += reads[m].bytes_per_byte;
      write += writes[m].bytes_per_byte;
      EXPECT_NEAR(reads[m].bytes_per_byte, 0.25, 0.01) << name;
    }
    EXPECT_NEAR(read, 1.0, 1e-9) << name;
    // The padding of raidz1 is allocated, but not written: 32 sectors with 11 of parity, not 12.
    EXPECT_NEAR(write, redundancy, 1e-5) << name;  // whole bytes
  }
}

TEST(PoolStream, WithAMemberMissingTheOthersReadItsPart) {
  const PoolLayout pool = layout("raid5", 5, 64_KiB);
  const auto streams = stream_of_blocks(pool, Direction::Read, 1_MiB, without(pool, {4}));
  EXPECT_DOUBLE_EQ(streams[4].bytes_per_byte, 0.0);
  for (unsigned m = 0; m < 4; ++m) EXPECT_NEAR(streams[m].bytes_per_byte, 0.25, 1e-9);
}

TEST(PoolLayout, SaysWhatFits) {
  EXPECT_NEAR(usable_capacity(layout("raid5", 4, 64_KiB), Bytes::from_base(4e12)).value(), 12e12, 1.0);
  EXPECT_NEAR(usable_capacity(layout("raid6", 6, 64_KiB), Bytes::from_base(4e12)).value(), 16e12, 1.0);
  EXPECT_NEAR(usable_capacity(layout("raid1", 3, 64_KiB), Bytes::from_base(4e12)).value(), 4e12, 1.0);
  EXPECT_NEAR(usable_capacity(layout("raid10", 6, 64_KiB), Bytes::from_base(4e12)).value(), 12e12, 1.0);
  EXPECT_NEAR(usable_capacity(layout("raid0", 3, 64_KiB), Bytes::from_base(4e12)).value(), 12e12, 1.0);
  EXPECT_NEAR(usable_capacity(layout("mirror", 4, 128_KiB, 2), Bytes::from_base(4e12)).value(), 8e12, 1.0);
}

// Records of 4 KiB on raidz2 are one sector of data and two of parity, on 6 members as on 60.
TEST(PoolLayout, PaddingOfRaidzEatsSmallRecords) {
  EXPECT_EQ(raidz_sectors(layout("raidz2", 6, 4_KiB), 1), 3U);
  EXPECT_EQ(raidz_sectors(layout("raidz1", 5, 8_KiB), 2), 4U);
  EXPECT_EQ(raidz_sectors(layout("raidz1", 4, 128_KiB), 32), 44U);
  EXPECT_NEAR(usable_capacity(layout("raidz2", 6, 4_KiB), Bytes::from_base(3e12)).value(), 6e12, 1.0);
  EXPECT_NEAR(used_per_member(layout("raidz2", 6, 128_KiB), Bytes::from_base(4e12)).value(), 1e12, 1.0);
}

TEST(PoolLayout, KnowsHowManyMembersMayBeMissing) {
  EXPECT_EQ(layout("raid0", 4, 64_KiB).tolerated_failures(), 0U);
  EXPECT_EQ(layout("raid1", 3, 64_KiB).tolerated_failures(), 2U);
  EXPECT_EQ(layout("raid6", 6, 64_KiB).tolerated_failures(), 2U);
  EXPECT_EQ(layout("raidz3", 8, 128_KiB).tolerated_failures(), 3U);
}

}  // namespace
}  // namespace labtwin::storage
