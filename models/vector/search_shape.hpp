#pragma once

// What one nearest-neighbour query asks of the disk and the processor. Indexes differ only in this shape: a graph walks in
// dependent rounds of a few small reads, an inverted file reads all its lists at once. The service that runs the query owns
// the queues; the shape knows neither the drive nor the page cache.

#include <cstdint>
#include <optional>

#include "models/base/units.hpp"

namespace labtwin::vector {

/// The demand of one query. Reads of one round are issued together, at most `max_in_flight` at once: each that ends makes room
/// for the next. A round starts when the one before has ended.
struct SearchShape {
  std::uint32_t num_rounds = 0;
  std::uint32_t num_reads = 0;
  std::optional<std::uint32_t> max_in_flight = std::nullopt;  ///< absent: all of a round
  Bytes read_size;
  double num_distances = 0.0;  ///< vectors compared with the query

  /// Reads of one round, counted from 0: the reads spread as evenly over the rounds as whole numbers allow.
  [[nodiscard]] std::uint32_t reads_in_round(std::uint32_t round) const;
};

/// Processor time of a query beside its reads.
struct SearchCost {
  Seconds per_query;     ///< parsing, merging, answering
  Seconds per_round;     ///< system calls, interrupts and wake-ups of one round of reads
  Seconds per_distance;  ///< comparing one vector, or its code, with the query
};

/// The same query through a mapping of the index.
/// Law:    every page that is not in memory is a fault of its own, and a thread has one outstanding: num_reads x read_size / 4
///         KiB reads of a page, one after the other
/// Inputs: any shape
/// Valid:  reads that miss more often than they hit, for which the kernel stops reading around (more than 100 misses ahead), or
///         MADV_RANDOM; fault-around maps pages that are there and reads none
/// Source: Linux, mm/filemap.c: do_sync_mmap_readahead, MMAP_LOTSAMISS
/// Error:  measured on a mapped index of 200,000 vectors: 4.1 KB per fault (own searches, 261 faults a query)
[[nodiscard]] SearchShape mapped(const SearchShape& shape);

/// A graph index on disk (DiskANN, Vamana, HNSW level 0): one node with its vector and neighbours per block, compressed
/// codes for navigation in RAM.
struct GraphIndex {
  double num_vectors = 0.0;
  double dimension = 0.0;
  double num_neighbours = 32.0;
  Bytes node_size;  ///< what one hop reads

  /// Bytes of the index on disk.
  [[nodiscard]] Bytes size() const { return node_size * num_vectors; }
};

/// How wide and how far a graph is searched.
struct BeamSearch {
  double list_size = 50.0;  ///< candidates kept (L, ef)
  double beam_width = 4.0;  ///< reads in flight per round (W)
};

/// Rounds and reads of a beam search, before rounding to whole ones.
struct BeamCounts {
  double num_rounds = 0.0;
  double num_reads = 0.0;
};

/// Law:    reads = 7.4 g + 1.07 L + 4.1 W;  rounds = max(6.9 g + 1.10 L / W, reads / W);  g = ln N / ln 200000
/// Inputs: list size L, beam width W, number of vectors N
/// Valid:  L 20-200, W 1-16 at N = 200,000 (384 dimensions, 32 neighbours). The factor g says that the walk from the entry
///         point to the neighbourhood of the query grows with the logarithm of N; it is assumed, not measured. Outside the
///         range the formula is extended and `in_range` says no.
/// Source: own runs on vm-zen5-2vcpu, vector_disk_noisy.csv, 17 quiet cells
/// Error:  held-out graph cells: reads 1.0 % median, 6.4 % 90th percentile; rounds 3.4 % and 12 %
[[nodiscard]] BeamCounts beam_counts(const GraphIndex& index, const BeamSearch& search);
[[nodiscard]] bool in_range(const GraphIndex& index, const BeamSearch& search);

/// The shape of a beam search. Each read node compares its neighbours' codes with the query.
[[nodiscard]] SearchShape graph_search(const GraphIndex& index, const BeamSearch& search);

/// An inverted file on disk (IVF, SPANN): vectors grouped in posting lists, centroids in RAM.
struct InvertedListIndex {
  double num_vectors = 0.0;
  double dimension = 0.0;
  double num_lists = 0.0;
  double bytes_per_component = 4.0;

  [[nodiscard]] Bytes size() const { return Bytes::from_base(num_vectors * dimension * bytes_per_component); }
};

/// Law:    one round of `num_probes` reads of size / num_lists each; distances = num_lists + num_probes * N / num_lists
/// Inputs: lists probed
/// Valid:  1 <= num_probes <= num_lists, lists of about equal length
/// Source: vector_disk_noisy.csv, search_mode ivf: 8 reads, 1.29 MB a query at 2048 lists of 200,000 x 384-d
/// Error:  bytes per query 9 % low there: lists near a query are longer than the mean list
[[nodiscard]] SearchShape inverted_list_search(const InvertedListIndex& index, std::uint32_t num_probes);

}  // namespace labtwin::vector
