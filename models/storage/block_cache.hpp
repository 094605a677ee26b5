#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "models/base/units.hpp"

namespace labtwin::storage {

/// Which of the blocks that were read stay in memory.
class BlockCache {
 public:
  virtual ~BlockCache() = default;

  /// A read of the block: whether it was there. Afterwards it is, and another may have had to go.
  virtual bool touch(std::uint64_t block) = 0;
  [[nodiscard]] virtual bool holds(std::uint64_t block) const = 0;
  [[nodiscard]] virtual std::size_t num_held() const = 0;
};

/// How many times larger than the inactive list of the kernel its active list may become.
/// Law:    the root of ten times the gigabytes of memory, at least 1
/// Inputs: memory that holds file pages
/// Valid:  kernels without the multi-generational LRU, or with it turned off
/// Source: Linux, mm/vmscan.c: inactive_is_low
/// Error:  exact
[[nodiscard]] double active_per_inactive(Bytes memory);

/// The page cache of Linux.
/// Law:    a page comes onto the inactive list; a second read moves it to the active one. Room is made at the end of the
///         inactive list, whatever was read since; while active > ratio x inactive, the oldest active pages go back to the
///         inactive list. A page that comes back sooner after its eviction than the active list is long is active at once.
/// Inputs: capacity in pages, >= 1; ratio >= 1
/// Valid:  file pages that are read, not mapped; one memory node; kernels without the multi-generational LRU
/// Source: Linux, mm/vmscan.c (shrink_active_list, inactive_is_low), mm/swap.c (folio_mark_accessed), mm/workingset.c
/// Error:  against Che's approximation of LRU for independent reads: tests/unit/storage/block_cache_test.cpp
[[nodiscard]] std::unique_ptr<BlockCache> make_two_list_cache(std::size_t capacity, double active_per_inactive);

/// The adaptive replacement cache, which ZFS keeps its records in.
/// Law:    T1 holds what was read once, T2 what was read again, B1 and B2 remember what left them; a hit in B1 makes the target
///         of T1 larger by max(1, B2 / B1), one in B2 smaller by max(1, B1 / B2)
/// Inputs: capacity in blocks, >= 1
/// Valid:  blocks of one size; ZFS bounds the targets at an eighth of the cache and evicts in batches
/// Source: Megiddo, Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST'03, figure 4; arc.c of OpenZFS
/// Error:  against Che's approximation of LRU for independent reads: tests/unit/storage/block_cache_test.cpp
[[nodiscard]] std::unique_ptr<BlockCache> make_adaptive_cache(std::size_t capacity);

}  // namespace labtwin::storage
