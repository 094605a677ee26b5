// Pools of drives, the devices beside their members, failures and rebuilds.

#include <algorithm>
#include <utility>

#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

/// How md and ZFS go about it.
/// Source: md.c of Linux: a window of 128 KiB, the next one only when that is done once there is other work, as many as 256
///         stripes of a page per member without; zfs(4): scrub_max_active, scrub_min_active, nia_delay 5, aggregation_limit
///         1 MiB for disks and 128 KiB for flash.
service::PoolRebuildOptions rebuild_options(const RebuildSpec& spec, const storage::DriveLaw& onto) {
  service::PoolRebuildOptions options;
  options.start = spec.start;
  options.amount = spec.amount;
  options.max_rate = spec.max_rate;
  if (spec.max_active == 0) {
    options.block_size = 128_KiB;
    options.depth = 8;
    options.yielding = {.depth = 1, .settle = 1, .min_rate = spec.min_rate};
    return options;
  }
  const storage::IoClass lookup{storage::Direction::Read, storage::Pattern::Random, 4_KiB};
  const Seconds latency = onto.mean_latency(lookup, {.backlog = onto.work(lookup), .num_in_flight = 1.0});
  options.block_size = latency > 1_ms ? 1_MiB : 128_KiB;
  options.depth = spec.max_active;
  options.yielding = {.depth = spec.min_active, .settle = 5};
  return options;
}

}  // namespace

void World::build_pool(const NodeSpec& node, const PoolSpec& spec) {
  const DriveKey key{node.name, spec.name};
  service::PoolService& pool = *pools_.emplace(key, make_pool(node, spec)).first->second;
  service::Volume* seen = &pool;
  if (!spec.log.empty()) {
    service::Volume* log = drives_.at({node.name, spec.log.front()}).get();
    if (spec.log.size() > 1) log = mirrors_of_log_.emplace(key, make_mirror(node, spec, spec.log, 1)).first->second.get();
    pool.set_log(*logs_.emplace(key, std::make_unique<service::LogVolume>(engine_, *log, pool)).first->second);
  }
  if (spec.special) {
    const auto special =
        special_vdevs_.emplace(key, make_mirror(node, spec, spec.special->members, service::SpecialVolume::kFirstId)).first;
    seen =
        with_special_
            .emplace(key, std::make_unique<service::SpecialVolume>(engine_, pool, *special->second, spec.special->small_blocks))
            .first->second.get();
  }
  volumes_.emplace(key, seen);
  if (spec.rebuild) rebuilds_.emplace(spec.rebuild_name(), make_rebuild(node, spec));
}

std::unique_ptr<service::PoolService> World::make_pool(const NodeSpec& node, const PoolSpec& spec) {
  std::vector<service::PoolService::Member> members;
  for (const std::string& name : spec.members) {
    const bool is_missing = std::find(spec.failed.begin(), spec.failed.end(), name) != spec.failed.end();
    members.push_back({.volume = is_missing ? nullptr : drives_.at({node.name, name}).get()});
  }
  return std::make_unique<service::PoolService>(engine_, names_.resources.intern(local_name(node.name, spec.name)), spec.layout,
                                                std::move(members));
}

// ZFS drives that hold the same; waiting for them is waiting for the pool.
std::unique_ptr<service::PoolService> World::make_mirror(const NodeSpec& node, const PoolSpec& spec,
                                                         const std::vector<std::string>& drives, WorkId first_id) {
  std::vector<service::PoolService::Member> members;
  for (const std::string& name : drives) members.push_back({.volume = drives_.at({node.name, name}).get()});
  storage::PoolLayout layout = spec.layout;
  layout.redundancy = storage::Redundancy::Copies;
  layout.num_groups = 1;
  layout.width = static_cast<unsigned>(drives.size());
  layout.parity = 0;
  return std::make_unique<service::PoolService>(engine_, names_.resources.intern(local_name(node.name, spec.name)), layout,
                                                std::move(members), first_id);
}

std::unique_ptr<service::PoolRebuild> World::make_rebuild(const NodeSpec& node, const PoolSpec& spec) {
  const auto missing = std::find(spec.members.begin(), spec.members.end(), spec.first_missing());
  service::DriveService& onto = *drives_.at({node.name, spec.rebuild->onto});
  service::PoolRebuildOptions options = rebuild_options(*spec.rebuild, onto.law());
  options.owner = names_.owners.intern(spec.rebuild_name());
  options.place = static_cast<std::size_t>(missing - spec.members.begin());
  options.onto = &onto;
  return std::make_unique<service::PoolRebuild>(engine_, random_, *pools_.at({node.name, spec.name}), options);
}

Task<> World::fail_member(Engine& engine, service::PoolService& pool, std::size_t place, Seconds at) {
  co_await engine.hold_until(at);
  pool.fail_member(place);
}

}  // namespace labtwin
