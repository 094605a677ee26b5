#pragma once

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
/// Valid:  independent reads; the kernel's two-list reclaim is close to LRU for them. A scan that passes through the page cache
///         (a neighbour without direct I/O) is not included.
/// Source: Che, Tung, Wang, "Hierarchical web caching systems", IEEE JSAC 2002
/// Error:  passages of the RAGPulse trace (3235 passages, Zipf 0.80): 0 to 11 percentage points low at 50 to
///         2000 entries, because a conversation asks for the same passages again
[[nodiscard]] double lru_hit_ratio(const WorkingSet& set, double num_cached);

}  // namespace labtwin::storage
