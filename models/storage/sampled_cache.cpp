#include "models/storage/sampled_cache.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::storage {
namespace {

/// Blocks that are simulated at most: of what is read again and again, and of what the cache has room for.
constexpr double kNumRead = 8192.0;
constexpr double kNumHeld = 32768.0;
constexpr unsigned kFileShift = 48;
/// Reads of each simulated block until the state is that of the long run.
constexpr std::uint64_t kRoundsOfWarming = 4;

std::uint64_t key_of(std::uint64_t file, std::uint64_t neighbourhood) {
  return (file << kFileShift) | neighbourhood;
}

std::unique_ptr<BlockCache> blocks_of(CacheKind kind, std::size_t num_blocks, Bytes memory) {
  switch (kind) {
    case CacheKind::PageCache:
      return make_two_list_cache(num_blocks, active_per_inactive(memory));
    case CacheKind::Arc:
      break;
  }
  return make_adaptive_cache(num_blocks);
}

}  // namespace

SampledCache::SampledCache(const CacheSettings& settings) : block_(settings.block), capacity_(settings.capacity) {
  const double stride = std::max(settings.working_set / block_ / kNumRead, settings.capacity / block_ / kNumHeld);
  stride_ = static_cast<std::uint64_t>(std::max(1.0, std::ceil(stride)));
  const auto num_blocks = static_cast<std::size_t>(std::round(settings.capacity / block_ / static_cast<double>(stride_)));
  if (num_blocks > 0) blocks_ = blocks_of(settings.kind, num_blocks, settings.capacity);
}

// Which block of a neighbourhood is the simulated one looks random, so that no pattern of positions misses them all.
std::uint64_t SampledCache::sampled_in(std::uint64_t file, std::uint64_t neighbourhood) const {
  return neighbourhood * stride_ + RandomStream(file).bits(neighbourhood) % stride_;
}

void SampledCache::touch(std::uint64_t file, std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t n = first / stride_; n <= (end - 1) / stride_; ++n) {
    const std::uint64_t sampled = sampled_in(file, n);
    if (sampled >= first && sampled < end) blocks_->touch(key_of(file, n));
  }
}

bool SampledCache::read(const Extent& extent) {
  if (!blocks_) return false;
  const auto size = static_cast<std::uint64_t>(block_.value());
  const std::uint64_t first = extent.position / size;
  const std::uint64_t end = (extent.position + static_cast<std::uint64_t>(extent.size.value()) + size - 1) / size;
  const bool was_there = blocks_->holds(key_of(extent.file, first / stride_));
  touch(extent.file, first, std::max(end, first + 1));
  return was_there;
}

void SampledCache::stream(const Extent& extent) {
  if (!blocks_) return;
  const auto size = static_cast<std::uint64_t>(block_.value());
  const std::uint64_t first = extent.position / size;
  const std::uint64_t end = (extent.position + static_cast<std::uint64_t>(extent.size.value())) / size;
  if (end > first) touch(extent.file, first, end);
}

std::uint64_t SampledCache::num_simulated(Bytes file_size) const {
  return static_cast<std::uint64_t>(std::max(1.0, std::ceil(file_size / block_ / static_cast<double>(stride_))));
}

double SampledCache::served_share(std::uint64_t file, Bytes size) const {
  if (!blocks_ || size > capacity_) return 0.0;
  const std::uint64_t num_blocks = num_simulated(size);
  std::uint64_t num_held = 0;
  for (std::uint64_t n = 0; n < num_blocks; ++n) num_held += blocks_->holds(key_of(file, n)) ? 1U : 0U;
  return static_cast<double>(num_held) / static_cast<double>(num_blocks);
}

void SampledCache::warm(std::uint64_t file, Bytes size, double popularity, const RandomStream& variates) {
  if (!blocks_) return;
  const std::uint64_t num_blocks = num_simulated(size);
  for (std::uint64_t n = num_blocks; n-- > 0;) blocks_->touch(key_of(file, n));
  for (std::uint64_t i = 0; i < num_blocks * kRoundsOfWarming; ++i) {
    blocks_->touch(key_of(file, popular_block(variates.uniform(i), num_blocks, popularity)));
  }
}

}  // namespace labtwin::storage
