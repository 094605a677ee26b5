#include "models/calibration/unit_model.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labtwin::calibration {
namespace {

constexpr const char* kHeader =
    "device,class,interface,ioengine,rw,rwmix_read_pct,part,bs_bytes,iodepth,numjobs,iops,lat_mean_us,split\n";

// A drive whose reads take 60 us and 1 us per 2 KiB, and whose writes take 20 us, at any depth up to 64.
std::string row(const std::string& operation, int block, int depth) {
  const double us = operation == "randread" ? 60.0 + block / 2048.0 : 20.0;
  return fmt::format("made-up,nvme,PCIe,io_uring,{},,all,{},{},1,{},{},fit\n", operation, block, depth, depth * 1e6 / us, us);
}

class UnitModelTest : public testing::Test {
 protected:
  UnitModel::Answer answer(const std::string& rows, const SweepKey& key, const LoopPoint& point) {
    const MeasurementTable table = MeasurementTable::from_csv(CsvTable::from_text("rows.csv", kHeader + rows));
    rows_ = read_fio_rows(table);
    std::vector<const FioRow*> pointers;
    for (const FioRow& r : rows_) pointers.push_back(&r);
    return UnitModel(pointers, ClassPriors::shipped()).answer(key, point);
  }

  static std::string sweep(const std::string& operation, int block) {
    std::string text;
    for (int depth : {1, 2, 4, 8}) text += row(operation, block, depth);
    return text;
  }

 private:
  std::vector<FioRow> rows_;
};

TEST_F(UnitModelTest, PredictsABlockSizeFromItsNeighbours) {
  const auto answer = this->answer(sweep("randread", 4096) + sweep("randread", 65536),
                                   {.operation = "randread", .part = "all", .block_bytes = 16384}, {.num_in_flight = 4.0});
  EXPECT_EQ(answer.grade, Grade::Fitted);
  EXPECT_NEAR(answer.loop.iops.value, 4e6 / 68.0, 0.02 * 4e6 / 68.0);
  EXPECT_LT(answer.loop.iops.low, 4e6 / 68.0);
  EXPECT_GT(answer.loop.iops.high, 4e6 / 68.0);
}

TEST_F(UnitModelTest, PredictsAMixFromReadsAndWritesAlone) {
  const std::string rows = sweep("randread", 4096) + sweep("randwrite", 4096);
  const SweepKey reads{.operation = "randrw", .read_percent = 75.0, .part = "read", .block_bytes = 4096};
  const auto half = answer(rows, reads, {.num_in_flight = 1.0});
  EXPECT_EQ(half.grade, Grade::Fitted);
  // Three reads of 62 us and one write of 20 us.
  EXPECT_NEAR(half.loop.iops.value, 3.0 * 1e6 / 206.0, 300.0);
  EXPECT_NEAR(half.loop.latency_us.value, 62.0, 1.5);
}

TEST_F(UnitModelTest, TakesAMixOfReadsAloneForReads) {
  // Half reads, half writes: 41 us an I/O; of each, one row per half.
  std::string rows = sweep("randread", 4096);
  for (int depth : {1, 2, 4, 8}) {
    for (const char* part : {"read", "write"}) {
      rows += fmt::format("made-up,nvme,PCIe,io_uring,randrw,50,{},4096,{},1,{},{},fit\n", part, depth, depth * 1e6 / 82.0,
                          part == std::string("read") ? 62.0 : 20.0);
    }
  }
  const SweepKey reads{.operation = "randrw", .read_percent = 100.0, .part = "read", .block_bytes = 4096};
  EXPECT_NEAR(answer(rows, reads, {.num_in_flight = 4.0}).loop.latency_us.value, 62.0, 2.0);
  const SweepKey most{.operation = "randrw", .read_percent = 75.0, .part = "read", .block_bytes = 4096};
  const auto between = answer(rows, most, {.num_in_flight = 1.0});
  EXPECT_NEAR(between.loop.iops.value, 0.75 * 1e6 / 51.5, 400.0);
  EXPECT_NEAR(between.loop.latency_us.value, 62.0, 2.0);
}

TEST_F(UnitModelTest, CallsAMixAssumedWhereOneOfItsHalvesWasNeverMeasured) {
  const SweepKey reads{.operation = "randrw", .read_percent = 75.0, .part = "read", .block_bytes = 4096};
  EXPECT_EQ(answer(sweep("randread", 4096), reads, {.num_in_flight = 1.0}).grade, Grade::Assumed);
}

TEST_F(UnitModelTest, FallsBackOnTheClass) {
  const auto answer = this->answer(sweep("randread", 4096), {.operation = "write", .part = "all", .block_bytes = 131072},
                                   {.num_in_flight = 4.0});
  EXPECT_EQ(answer.grade, Grade::Assumed);
  EXPECT_TRUE(answer.tail_of_class);
  EXPECT_GT(answer.loop.iops.value, 0.0);
}

}  // namespace
}  // namespace labtwin::calibration
