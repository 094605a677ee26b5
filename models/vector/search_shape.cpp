#include "models/vector/search_shape.hpp"

#include <algorithm>
#include <cmath>

#include "models/base/error.hpp"

namespace labtwin::vector {
namespace {

constexpr double kFittedVectors = 200'000.0;

std::uint32_t whole(double count) {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(count)));
}

}  // namespace

SearchShape mapped(const SearchShape& shape) {
  constexpr Bytes kPage = Bytes::from_base(4096.0);
  SearchShape faults = shape;
  faults.num_reads = static_cast<std::uint32_t>(std::lround(shape.num_reads * std::ceil(shape.read_size / kPage)));
  faults.read_size = kPage;
  faults.max_in_flight = 1;
  return faults;
}

std::uint32_t SearchShape::reads_in_round(std::uint32_t round) const {
  LABTWIN_CHECK(round < num_rounds, "a query has no such round");
  const std::uint64_t before = std::uint64_t{num_reads} * round / num_rounds;
  const std::uint64_t after = std::uint64_t{num_reads} * (round + 1) / num_rounds;
  return static_cast<std::uint32_t>(after - before);
}

BeamCounts beam_counts(const GraphIndex& index, const BeamSearch& search) {
  const double growth = std::log(std::max(2.0, index.num_vectors)) / std::log(kFittedVectors);
  BeamCounts counts;
  counts.num_reads = 7.4 * growth + 1.07 * search.list_size + 4.1 * search.beam_width;
  const double rounds = 6.9 * growth + 1.10 * search.list_size / search.beam_width;
  counts.num_rounds = std::max(rounds, counts.num_reads / search.beam_width);
  return counts;
}

bool in_range(const GraphIndex& index, const BeamSearch& search) {
  return index.num_vectors == kFittedVectors && search.list_size >= 20.0 && search.list_size <= 200.0 &&
         search.beam_width >= 1.0 && search.beam_width <= 16.0;
}

SearchShape graph_search(const GraphIndex& index, const BeamSearch& search) {
  const BeamCounts counts = beam_counts(index, search);
  SearchShape shape;
  shape.num_rounds = whole(counts.num_rounds);
  shape.num_reads = whole(counts.num_reads);
  shape.read_size = index.node_size;
  shape.num_distances = counts.num_reads * index.num_neighbours;
  return shape;
}

SearchShape inverted_list_search(const InvertedListIndex& index, std::uint32_t num_probes) {
  SearchShape shape;
  shape.num_rounds = 1;
  shape.num_reads = num_probes;
  shape.read_size = index.size() / index.num_lists;
  shape.num_distances = index.num_lists + num_probes * index.num_vectors / index.num_lists;
  return shape;
}

}  // namespace labtwin::vector
