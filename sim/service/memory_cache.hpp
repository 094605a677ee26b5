#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/base/rng.hpp"
#include "models/storage/sampled_cache.hpp"

namespace labtwin::service {

/// What a node's memory holds of its volumes: its page cache, or the ARC of its ZFS pools. Services ask before they read; jobs
/// that read through it push out what others have there.
class MemoryCache {
 public:
  using FileId = std::uint64_t;

  explicit MemoryCache(const storage::CacheSettings& settings) : cache_(settings) {}
  MemoryCache(const MemoryCache&) = delete;
  MemoryCache& operator=(const MemoryCache&) = delete;

  /// The name of something that lies on a volume.
  [[nodiscard]] FileId add_file() noexcept { return num_files_++; }
  /// A file that has been read for a long time.
  void warm(FileId file, Bytes size, double popularity, const RandomStream& variates) {
    cache_.warm(file, size, popularity, variates);
  }

  /// A single read: whether memory serves it.
  [[nodiscard]] bool read(FileId file, std::uint64_t position, Bytes size);
  /// The share of a file of `size`, read from end to end, that memory serves.
  [[nodiscard]] double served_share(FileId file, Bytes size);
  /// Somebody streams through the cache: `moved` tells how much so far, of a file of `length`, which is begun anew at its end.
  void add_stream(FileId file, std::optional<Bytes> length, std::function<Bytes()> moved);

 private:
  struct Stream {
    FileId file = 0;
    std::optional<Bytes> length;
    std::function<Bytes()> moved;
    Bytes seen{};
  };

  void catch_up();

  storage::SampledCache cache_;
  FileId num_files_ = 0;
  std::vector<Stream> streams_;
};

/// A file as its reader sees it through a cache.
struct CachedFile {
  MemoryCache* cache = nullptr;
  MemoryCache::FileId file = 0;
};

}  // namespace labtwin::service
