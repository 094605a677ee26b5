#include "models/storage/pool_layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/storage/read_ahead.hpp"

namespace labtwin::storage {
namespace {

constexpr std::array<PoolLayoutName, 9> kNames{{
    {.name = "raid0", .redundancy = Redundancy::None},
    {.name = "raid1", .redundancy = Redundancy::Copies},
    {.name = "raid10", .redundancy = Redundancy::Copies, .fewest_members = 4},
    {.name = "raid5", .redundancy = Redundancy::Parity, .parity = 1, .fewest_members = 3},
    {.name = "raid6", .redundancy = Redundancy::Parity, .parity = 2, .fewest_members = 4},
    {.name = "mirror", .redundancy = Redundancy::Copies, .is_zfs = true},
    {.name = "raidz1", .redundancy = Redundancy::Raidz, .parity = 1, .is_zfs = true, .fewest_members = 2},
    {.name = "raidz2", .redundancy = Redundancy::Raidz, .parity = 2, .is_zfs = true, .fewest_members = 3},
    {.name = "raidz3", .redundancy = Redundancy::Raidz, .parity = 3, .is_zfs = true, .fewest_members = 4},
}};

/// Bytes on all members of a group together per byte of data.
double bytes_on_members(const PoolLayout& layout) {
  if (layout.redundancy == Redundancy::Copies) return layout.width;
  if (layout.redundancy != Redundancy::Raidz) return static_cast<double>(layout.width) / layout.data_width();
  const double data = std::ceil(layout.unit / layout.sector);
  return static_cast<double>(raidz_sectors(layout, static_cast<std::uint64_t>(data))) / data;
}

}  // namespace

std::span<const PoolLayoutName> pool_layout_names() noexcept {
  return kNames;
}

PoolLayout make_pool_layout(const PoolLayoutName& name, unsigned num_members, unsigned num_groups, Bytes unit) {
  PoolLayout layout;
  layout.redundancy = name.redundancy;
  layout.parity = name.parity;
  layout.unit = unit;
  layout.has_records = name.is_zfs;
  layout.num_groups = name.is_zfs ? num_groups : 1;
  if (name.redundancy == Redundancy::None) layout.num_groups = num_members;
  if (name.name == "raid10") layout.num_groups = num_members / 2;
  layout.width = num_members / layout.num_groups;
  return layout;
}

std::uint64_t raidz_sectors(const PoolLayout& layout, std::uint64_t data) noexcept {
  const std::uint64_t columns = layout.data_width();
  const std::uint64_t total = data + layout.parity * ((data + columns - 1) / columns);
  const std::uint64_t multiple = layout.parity + 1;
  return (total + multiple - 1) / multiple * multiple;
}

Bytes pool_read_ahead(const PoolLayout& layout) noexcept {
  if (layout.has_records) return 4_MiB;
  const unsigned num_data = layout.num_groups * layout.data_width();
  return num_data == 1 ? kReadAhead : std::max(kReadAhead, layout.unit * (2.0 * num_data));
}

Bytes usable_capacity(const PoolLayout& layout, Bytes smallest_member) {
  return smallest_member * (layout.num_members() / bytes_on_members(layout));
}

Bytes used_per_member(const PoolLayout& layout, Bytes data) {
  return data * (bytes_on_members(layout) / layout.num_members());
}

}  // namespace labtwin::storage
