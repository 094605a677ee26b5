#include "sim/scenario/read_pools.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/base/text.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

/// What md and ZFS do while they rebuild, if they are not told.
/// Source: md(4), sync_speed_min 1000 and sync_speed_max 200000 KiB/s; zfs(4), zfs_vdev_scrub_min_active 1 and _max_active 2
constexpr BytesPerSecond kSyncSpeedMin = BytesPerSecond::from_base(1000.0 * 1024.0);
constexpr BytesPerSecond kSyncSpeedMax = BytesPerSecond::from_base(200000.0 * 1024.0);
constexpr unsigned kScrubMaxActive = 2;
constexpr unsigned kScrubMinActive = 1;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Reports what is wrong with a drive as part of a pool.
void check_drive(TableReader& table, std::string_view key, const std::string& drive, const NodeSpec& node, const Lab& lab) {
  for (const PoolSpec& pool : node.pools) {
    if (pool.holds(drive)) return table.fail(key, fmt::format("{} belongs to the pool {} already", drive, pool.name));
  }
  if (node.find_drive(drive) != nullptr) return;
  for (const NodeSpec& other : lab.nodes) {
    if (other.find_drive(drive) == nullptr) continue;
    return table.fail(key, fmt::format("{} is a drive of {}: the drives of a pool are in one node", drive, other.name));
  }
  std::vector<std::string> known;
  for (const DriveSpec& one : node.drives) known.push_back(one.name);
  table.fail(key, fmt::format("{} has no drive \"{}\"", node.name, printable(drive)), nearest_name_hint(drive, known));
}

void read_members(TableReader& table, PoolSpec& pool, const NodeSpec& node, const Lab& lab) {
  if (!table.has("members")) table.fail("members", "a pool needs a list of drives, e.g. [\"hdd0\", \"hdd1\"]");
  pool.members = table.list<std::string>("members");
  std::vector<std::string> seen;
  for (const std::string& member : pool.members) {
    if (contains(seen, member)) {
      table.fail("members", fmt::format("{} is named twice", printable(member)));
    } else {
      check_drive(table, "members", member, node, lab);
    }
    seen.push_back(member);
  }
}

/// The size of what a layout deals out; ZFS and md have their own names for it.
Bytes read_unit(TableReader& table, const storage::PoolLayoutName& layout) {
  const std::string_view own = layout.is_zfs ? "recordsize" : "chunk";
  const std::string_view other = layout.is_zfs ? "chunk" : "recordsize";
  if (table.has(other)) table.fail(other, fmt::format("{} has none: it takes {}", layout.name, own));
  const Bytes fallback = layout.is_zfs ? storage::kDefaultRecord : storage::kDefaultChunk;
  return table.value_or<Bytes>(own, fallback, between(4096.0, 16777216.0));
}

unsigned read_num_groups(TableReader& table, const storage::PoolLayoutName& layout, std::size_t num_members) {
  if (!layout.is_zfs) {
    if (table.has("vdevs")) table.fail("vdevs", fmt::format("{} has none: they are groups of ZFS", layout.name));
    return 1;
  }
  const auto num_groups = table.value_or<unsigned>("vdevs", 1, at_least(1.0));
  if (num_groups > 0 && num_members % num_groups == 0) return std::max(1U, num_groups);
  table.fail("vdevs", fmt::format("{} members cannot be dealt out evenly to {}", num_members, num_groups));
  return 1;
}

/// Whether there are as many members as the layout needs.
bool check_count(TableReader& table, const storage::PoolLayoutName& layout, std::size_t num_members, unsigned num_groups) {
  if (num_members / num_groups < layout.fewest_members) {
    table.fail("members", fmt::format("{} needs at least {} drives{}, here are {}", layout.name, layout.fewest_members,
                                      num_groups > 1 ? " in every vdev" : "", num_members / num_groups));
    return false;
  }
  if (layout.name == "raid10" && num_members % 2 != 0) {
    table.fail("members", fmt::format("raid10 pairs its drives, here are {}", num_members));
    return false;
  }
  return true;
}

/// The members that are missing: no group of them more than its layout makes up for.
void read_failed(TableReader& table, PoolSpec& pool) {
  pool.failed = table.list<std::string>("failed");
  if (std::optional<TableReader> fails = table.optional_table("fails")) {
    pool.failure = FailureSpec{fails->required<std::string>("drive"), fails->required<Seconds>("at", kNonNegative)};
    if (contains(pool.failed, pool.failure->drive)) {
      fails->fail("drive", fmt::format("{} is missing from the start", pool.failure->drive));
    }
  }
  const storage::PoolLayout& layout = pool.layout;
  std::vector<unsigned> missing(layout.num_groups, 0);
  std::vector<std::string> gone = pool.failed;
  if (pool.failure) gone.push_back(pool.failure->drive);
  for (const std::string& drive : gone) {
    const std::string_view key = contains(pool.failed, drive) ? "failed" : "fails";
    const auto member = std::find(pool.members.begin(), pool.members.end(), drive);
    if (member == pool.members.end()) {
      table.fail(key, fmt::format("\"{}\" is no member of {}", printable(drive), pool.name),
                 nearest_name_hint(drive, pool.members));
      return;
    }
    ++missing[static_cast<unsigned>(member - pool.members.begin()) / layout.width];
  }
  unsigned most = 0;
  for (const unsigned count : missing) most = std::max(most, count);
  if (most <= layout.tolerated_failures()) return;
  table.fail(pool.failure ? "fails" : "failed",
             fmt::format("the data of {} is lost: {} makes up for {} missing of {} drives, here are {}", pool.name,
                         pool.layout_name, layout.tolerated_failures(), layout.width, most));
}

void read_rebuild_limits(TableReader& table, RebuildSpec& rebuild, bool is_zfs) {
  if (is_zfs) {
    for (const std::string_view key : {"max_rate", "min_rate"}) {
      if (table.has(key)) table.fail(key, "ZFS limits requests in flight, not rates: use max_active and min_active");
    }
    rebuild.max_active = table.value_or<unsigned>("max_active", kScrubMaxActive, between(1.0, 1000.0));
    rebuild.min_active = table.value_or<unsigned>("min_active", kScrubMinActive, between(1.0, 1000.0));
    if (rebuild.min_active > rebuild.max_active) table.fail("min_active", "must not be more than max_active");
    return;
  }
  for (const std::string_view key : {"max_active", "min_active"}) {
    if (table.has(key)) table.fail(key, "md limits rates, not requests in flight: use max_rate and min_rate");
  }
  rebuild.max_rate = table.value_or<BytesPerSecond>("max_rate", kSyncSpeedMax, kPositive);
  rebuild.min_rate = table.value_or<BytesPerSecond>("min_rate", std::min(kSyncSpeedMin, *rebuild.max_rate), kPositive);
  if (*rebuild.min_rate > *rebuild.max_rate) table.fail("min_rate", "must not be more than max_rate");
}

void read_rebuild(TableReader& table, TableReader& pool_table, PoolSpec& pool, const NodeSpec& node, const Lab& lab) {
  RebuildSpec rebuild;
  rebuild.start = table.value_or<Seconds>("start", pool.failure ? pool.failure->at : Seconds{}, kNonNegative);
  if (pool.failure && rebuild.start < pool.failure->at) table.fail("start", "must not be before the member fails");
  rebuild.onto = table.required<std::string>("onto");
  const bool is_zfs = pool.layout.has_records;
  read_rebuild_limits(table, rebuild, is_zfs);
  for (const NodeSpec& other : lab.nodes) {
    const PoolSpec* namesake = other.find_pool(pool.name);
    if (namesake == nullptr || !namesake->rebuild) continue;
    pool_table.fail("rebuild", fmt::format("a pool of {} rebuilds under this name: give one of them another", other.name));
  }
  if (pool.failed.empty() && !pool.failure) pool_table.fail("failed", "a rebuild needs a member that is missing");
  if (rebuild.onto.empty()) return;
  const bool is_replaced = contains(pool.failed, rebuild.onto) || (pool.failure && pool.failure->drive == rebuild.onto);
  if (pool.holds(rebuild.onto) && !is_replaced) {
    table.fail("onto", fmt::format("{} is a member of {} that works", rebuild.onto, pool.name));
    return;
  }
  check_drive(table, "onto", rebuild.onto, node, lab);
  if (is_zfs && pool.data == Bytes{}) pool_table.fail("data", "ZFS rebuilds what is used: say how much data lies on the pool");
  if (!is_zfs && !pool.member_size) pool_table.fail("member_size", "md rebuilds a whole member: say how large it is");
  rebuild.amount = is_zfs ? storage::used_per_member(pool.layout, pool.data) : pool.member_size.value_or(Bytes{});
  pool.rebuild = rebuild;
}

/// Drives that ZFS keeps beside the members.
void read_beside(TableReader& table, std::string_view key, const std::vector<std::string>& drives, const PoolSpec& pool,
                 const NodeSpec& node, const Lab& lab) {
  for (const std::string& drive : drives) {
    if (pool.holds(drive) && !(key == "log" && contains(pool.log, drive))) {
      table.fail(key, fmt::format("{} has another place in {}", drive, pool.name));
    } else if (contains(pool.members, drive)) {
      table.fail(key, fmt::format("{} is a member of {}", drive, pool.name));
    } else {
      check_drive(table, key, drive, node, lab);
    }
  }
}

void read_devices(TableReader& table, PoolSpec& pool, const NodeSpec& node, const Lab& lab) {
  if (!pool.layout.has_records) {
    for (const std::string_view key : {"log", "special"}) {
      if (table.has(key)) table.fail(key, fmt::format("{} has none: it is a device of ZFS", pool.layout_name));
    }
    return;
  }
  pool.log = table.list<std::string>("log");
  read_beside(table, "log", pool.log, pool, node, lab);
  std::optional<TableReader> special = table.optional_table("special");
  if (!special) return;
  SpecialSpec spec{special->list<std::string>("members"), special->required<Bytes>("small_blocks", at_least(512.0))};
  if (spec.members.empty()) special->fail("members", "a special vdev needs drives, e.g. [\"nvme0\", \"nvme1\"]");
  read_beside(*special, "members", spec.members, pool, node, lab);
  pool.special = std::move(spec);
}

void read_capacity(TableReader& table, PoolSpec& pool) {
  pool.member_size = table.optional<Bytes>("member_size", kPositive);
  pool.data = table.value_or<Bytes>("data", Bytes{}, kNonNegative);
  if (!pool.member_size) return;
  const Bytes usable = storage::usable_capacity(pool.layout, *pool.member_size);
  if (pool.data > usable) table.fail("data", fmt::format("is more than {} holds: {}", pool.name, format_quantity(usable)));
}

const storage::PoolLayoutName* find_layout(TableReader& table) {
  const auto name = table.required<std::string>("layout");
  std::vector<std::string> known;
  for (const storage::PoolLayoutName& layout : storage::pool_layout_names()) {
    if (layout.name == name) return &layout;
    known.emplace_back(layout.name);
  }
  check_reference(table, "layout", name, known);
  return nullptr;
}

/// A pool that cannot be: it holds no drives, and what names it is no mistake.
void keep_name(TableReader& table, PoolSpec& pool, NodeSpec& node) {
  if (table.has("rebuild")) pool.rebuild.emplace();
  pool.members.clear();
  table.accept_rest();
  node.pools.push_back(std::move(pool));
}

void read_pool(TableReader& table, NodeSpec& node, const Lab& lab) {
  PoolSpec pool;
  pool.name = table.name();
  if (node.find_drive(pool.name) != nullptr) table.fail({}, fmt::format("{} is the name of a drive", pool.name));
  const storage::PoolLayoutName* layout = find_layout(table);
  read_members(table, pool, node, lab);
  if (layout == nullptr) return keep_name(table, pool, node);
  const unsigned num_groups = read_num_groups(table, *layout, pool.members.size());
  const Bytes unit = read_unit(table, *layout);
  if (!check_count(table, *layout, pool.members.size(), num_groups)) return keep_name(table, pool, node);
  pool.layout_name = layout->name;
  pool.layout = make_pool_layout(*layout, static_cast<unsigned>(pool.members.size()), num_groups, unit);
  read_capacity(table, pool);
  read_failed(table, pool);
  read_devices(table, pool, node, lab);
  if (auto rebuild = table.optional_table("rebuild")) read_rebuild(*rebuild, table, pool, node, lab);
  node.pools.push_back(std::move(pool));
}

}  // namespace

bool PoolSpec::holds(const std::string& drive) const {
  return contains(members, drive) || (rebuild && rebuild->onto == drive) || contains(log, drive) ||
         (special && contains(special->members, drive));
}

void read_pools(TableReader& node_table, NodeSpec& node, const Lab& lab) {
  for (TableReader& table : node_table.named_tables("pools")) read_pool(table, node, lab);
}

}  // namespace labtwin
