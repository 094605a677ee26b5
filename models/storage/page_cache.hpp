#pragma once

#include <cstdint>

#include "models/base/units.hpp"

namespace labtwin::storage {

/// What is read, and how unevenly.
struct WorkingSet {
  double num_blocks = 0.0;  ///< different blocks that are read, >= 1
  double popularity = 0.0;  ///< Zipf exponent: block i is read with probability ~ i^-popularity; 0: all alike
};

/// Share of reads that a cache of `num_cached` blocks serves in the long run.
/// Law:    Che's approximation of a least-recently-used cache: hit = sum p_i (1 - e^(-p_i T)), where the characteristic time T
///         solves sum (1 - e^(-p_i T)) = num_cached
/// Inputs: numbers of blocks; popularity 0 to 3
/// Valid:  independent reads; the kernel's two-list reclaim is close to LRU for them. Scans that pass through: block_cache.hpp.
/// Source: Che, Tung, Wang, "Hierarchical web caching systems", IEEE JSAC 2002
/// Error:  passages of the RAGPulse trace (3235 passages, Zipf 0.80): 0 to 11 percentage points low at 50 to
///         2000 entries, because a conversation asks for the same passages again
[[nodiscard]] double lru_hit_ratio(const WorkingSet& set, double num_cached);

/// Which of `num_blocks` is read, counted from the most popular one, for a uniform variate in (0, 1).
/// Law:    the inverse of the integral of x^-popularity from 1/2 to num_blocks + 1/2
/// Inputs: popularity 0 to 3
/// Valid:  as above
/// Source: inverse transform
/// Error:  probability of the first block 7 % high at popularity 0.8, of the others less
[[nodiscard]] std::uint64_t popular_block(double uniform, std::uint64_t num_blocks, double popularity);

}  // namespace labtwin::storage
