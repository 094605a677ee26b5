// What the memory of nodes holds of their volumes.

#include <algorithm>
#include <variant>

#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

constexpr Bytes kPage = Bytes::from_base(4096.0);
/// zfs_arc_max of Linux if nothing is set (zfs(4), until OpenZFS 2.3).
constexpr double kArcShare = 0.5;

/// Memory that a service keeps for itself.
Bytes resident(const ServiceKind& kind) {
  return std::visit([](const auto& spec) { return spec.memory; }, kind);
}

storage::CacheKind cache_of(const NodeSpec& node, const std::string& volume) {
  const PoolSpec* pool = node.find_pool(volume);
  return pool != nullptr && pool->layout.has_records ? storage::CacheKind::Arc : storage::CacheKind::PageCache;
}

/// The ARC is simulated in records of one size: the largest of the node's pools.
Bytes largest_record(const NodeSpec& node) {
  Bytes record = kPage;
  for (const PoolSpec& pool : node.pools) {
    if (pool.layout.has_records) record = std::max(record, pool.layout.unit);
  }
  return record;
}

}  // namespace

Bytes World::free_memory(const NodeSpec& node) const {
  Bytes free = node.memory.size - kSystemMemory;
  for (const ServiceSpec& service : scenario_->services) {
    if (service.node == node.name) free -= resident(service.kind);
  }
  return std::max(Bytes{}, free);
}

// The ARC makes room for services, as it shrinks when memory is wanted.
Bytes World::arc_size(const NodeSpec& node) const {
  const bool has_zfs =
      std::any_of(node.pools.begin(), node.pools.end(), [](const PoolSpec& pool) { return pool.layout.has_records; });
  if (!has_zfs) return {};
  return std::min(free_memory(node), node.memory.arc_max.value_or(node.memory.size * kArcShare));
}

Bytes World::page_cache_size(const NodeSpec& node) const {
  return free_memory(node) - arc_size(node);
}

Bytes World::working_set(const NodeSpec& node, storage::CacheKind kind) const {
  Bytes sum;
  for (const ServiceSpec& service : scenario_->services) {
    const auto* store = std::get_if<VectorStoreSpec>(&service.kind);
    if (store == nullptr || service.node != node.name || !store->uses_page_cache) continue;
    if (cache_of(node, store->drive) == kind) sum += store->index_size;
  }
  return sum;
}

service::MemoryCache& World::memory_cache(const NodeSpec& node, const std::string& volume) {
  const storage::CacheKind kind = cache_of(node, volume);
  auto& cache = caches_[{node.name, kind}];
  if (!cache) {
    const bool is_arc = kind == storage::CacheKind::Arc;
    cache = std::make_unique<service::MemoryCache>(
        storage::CacheSettings{.kind = kind,
                               .capacity = is_arc ? arc_size(node) : page_cache_size(node),
                               .block = is_arc ? largest_record(node) : kPage,
                               .working_set = working_set(node, kind)});
  }
  return *cache;
}

// An index has been searched for a long time when a run begins.
std::optional<service::CachedFile> World::index_in_memory(const ServiceSpec& service, const VectorStoreSpec& spec) {
  if (!spec.uses_page_cache) return std::nullopt;
  service::MemoryCache& cache = memory_cache(*scenario_->lab.find_node(service.node), spec.drive);
  const service::CachedFile file{.cache = &cache, .file = cache.add_file()};
  cache.warm(file.file, spec.index_size, spec.popularity, random_.stream("vector_store.page_cache"));
  return file;
}

}  // namespace labtwin
