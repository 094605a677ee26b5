#include "models/vector/search_shape.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace labtwin::vector {
namespace {

using namespace labtwin::literals;

const GraphIndex kIndex{.num_vectors = 200'000, .dimension = 384, .num_neighbours = 32, .node_size = 4_KiB};

TEST(GraphSearch, CountsWhatWasMeasuredAtListFiftyAndBeamFour) {
  // vector_disk_noisy.csv, quiet cells: 77.8-78.1 reads in 20.8 rounds.
  const BeamCounts counts = beam_counts(kIndex, {.list_size = 50, .beam_width = 4});
  EXPECT_NEAR(counts.num_reads, 78.0, 1.0);
  EXPECT_NEAR(counts.num_rounds, 20.8, 0.3);
  EXPECT_TRUE(in_range(kIndex, {.list_size = 50, .beam_width = 4}));
}

TEST(GraphSearch, HeldOutListHundredBeamOneIsOneReadPerRound) {
  // Measured 124.2 reads in 124.2 rounds; the law may be 7 % off.
  const BeamCounts counts = beam_counts(kIndex, {.list_size = 100, .beam_width = 1});
  EXPECT_NEAR(counts.num_rounds / 124.2, 1.0, 0.07);
  EXPECT_DOUBLE_EQ(counts.num_rounds, counts.num_reads);
}

TEST(GraphSearch, WalkGrowsWithTheLogarithmOfTheIndex) {
  GraphIndex large = kIndex;
  large.num_vectors = 200'000.0 * 200'000.0;  // twice the logarithm
  const BeamSearch search{.list_size = 50, .beam_width = 4};
  EXPECT_NEAR(beam_counts(large, search).num_rounds - beam_counts(kIndex, search).num_rounds, 6.9, 1e-9);
  EXPECT_FALSE(in_range(large, search));
}

TEST(GraphSearch, RoundsShareTheReadsAndNoRoundExceedsTheBeam) {
  for (double beam : {1.0, 2.0, 4.0, 8.0, 16.0}) {
    const SearchShape shape = graph_search(kIndex, {.list_size = 50, .beam_width = beam});
    std::uint32_t total = 0;
    for (std::uint32_t round = 0; round < shape.num_rounds; ++round) {
      EXPECT_LE(shape.reads_in_round(round), beam + 1.0);
      total += shape.reads_in_round(round);
    }
    EXPECT_EQ(total, shape.num_reads);
  }
}

TEST(MappedSearch, FaultsPageByPage) {
  const SearchShape lists{.num_rounds = 1, .num_reads = 8, .read_size = Bytes::from_base(161.0 * 1024.0), .num_distances = 5.0};
  const SearchShape faults = mapped(lists);
  EXPECT_EQ(faults.num_reads, 8u * 41u);
  EXPECT_EQ(faults.read_size, Bytes::from_base(4096.0));
  EXPECT_EQ(faults.max_in_flight, 1u);
  EXPECT_EQ(faults.num_rounds, 1u);
  EXPECT_EQ(faults.num_distances, 5.0);
}

TEST(InvertedListSearch, ReadsWholeListsInOneRound) {
  const InvertedListIndex index{.num_vectors = 200'000, .dimension = 384, .num_lists = 2048};
  const SearchShape shape = inverted_list_search(index, 8);
  EXPECT_EQ(shape.num_rounds, 1u);
  EXPECT_EQ(shape.num_reads, 8u);
  // Measured: 1285 KiB a query; the lists near a query are longer than the mean list.
  EXPECT_NEAR(shape.read_size.value() * 8.0 / 1024.0 / 1285.0, 0.91, 0.01);
  EXPECT_DOUBLE_EQ(shape.num_distances, 2048.0 + 8.0 * 200'000.0 / 2048.0);
}

}  // namespace
}  // namespace labtwin::vector
