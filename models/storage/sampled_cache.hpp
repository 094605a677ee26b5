#pragma once

#include <cstdint>
#include <memory>

#include "models/base/rng.hpp"
#include "models/base/units.hpp"
#include "models/storage/block_cache.hpp"
#include "models/storage/page_cache.hpp"

namespace labtwin::storage {

enum class CacheKind : std::uint8_t {
  PageCache,  ///< of the kernel, in pages of 4 KiB
  Arc,        ///< of ZFS, in records
};

struct CacheSettings {
  CacheKind kind = CacheKind::PageCache;
  Bytes capacity{};                      ///< >= 0; less than a block holds nothing
  Bytes block = Bytes::from_base(4096);  ///< that is read and evicted as a whole
  Bytes working_set{};                   ///< all that is read again and again
};

/// A cache of any size of which one block in `stride` is simulated. A read asks the simulated block of its neighbourhood and,
/// if it takes in that very block, touches it: so every simulated block is read as often as each of those it stands for. Law:
/// miniature simulation: a sample of the blocks in a cache smaller in proportion has the same hit ratio Inputs: positions below
/// 2^48 on each of the files (`file`) that it holds Valid:  neighbours that are read equally often; streams in steps of a
/// stride or more Source: Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC Construction with SHARDS", FAST'15; Waldspurger,
/// Saemundsson,
///         Ahmad, Park, "Cache Modeling and Optimization using Miniature Simulations", ATC'17
/// Error:  hit ratio: at most 1 percentage point (tests/unit/storage/block_cache_test.cpp)
class SampledCache {
 public:
  explicit SampledCache(const CacheSettings& settings);

  struct Extent {
    std::uint64_t file = 0;
    std::uint64_t position = 0;
    Bytes size;
  };
  /// A read by somebody who reads elsewhere next: whether it was there.
  bool read(const Extent& extent);
  /// A stream went over it.
  void stream(const Extent& extent);
  /// Reads a file of `size` until the cache holds what it holds of it in the long run.
  void warm(std::uint64_t file, Bytes size, double popularity, const RandomStream& variates);

  /// The share that it serves of a file read from its begin to its end: what it holds, but nothing of one that is larger than
  /// the cache, whose end is gone before the reader gets there.
  [[nodiscard]] double served_share(std::uint64_t file, Bytes size) const;

 private:
  [[nodiscard]] std::uint64_t sampled_in(std::uint64_t file, std::uint64_t neighbourhood) const;
  void touch(std::uint64_t file, std::uint64_t first, std::uint64_t end);

  [[nodiscard]] std::uint64_t num_simulated(Bytes file_size) const;

  Bytes block_;
  Bytes capacity_;
  std::uint64_t stride_ = 1;
  std::unique_ptr<BlockCache> blocks_;  ///< nothing: too small for a block
};

}  // namespace labtwin::storage
