#pragma once

// Several drives as one: where a pool of members keeps what is written to it. Chunks of md (mdadm) lie row by row over the
// members; ZFS keeps records, which are read whole, because their checksums cover them whole, and written anew.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::storage {

/// How the members of one group stand in for each other.
enum class Redundancy : std::uint8_t {
  None,
  Copies,  ///< every member of a group holds the same
  Parity,  ///< md RAID 5 and 6: parity chunks that rotate from row to row (left-symmetric)
  Raidz,   ///< ZFS: parity sectors per record
};

struct PoolLayout {
  Redundancy redundancy = Redundancy::None;
  unsigned num_groups = 1;  ///< vdevs of ZFS, pairs of RAID 10, members of RAID 0; units go round them
  unsigned width = 1;       ///< members of a group
  unsigned parity = 0;      ///< of them, how many hold parity in a row or record
  Bytes unit;               ///< chunk of md, recordsize of ZFS
  bool has_records = false;
  Bytes sector = Bytes::from_base(4096.0);  ///< smallest allocation of ZFS: ashift = 12

  [[nodiscard]] unsigned num_members() const noexcept { return num_groups * width; }
  /// Members of a group that hold different data.
  [[nodiscard]] unsigned data_width() const noexcept { return redundancy == Redundancy::Copies ? 1 : width - parity; }
  /// Members of a group that may be missing at once.
  [[nodiscard]] unsigned tolerated_failures() const noexcept { return redundancy == Redundancy::Copies ? width - 1 : parity; }
};

/// A layout by the name that mdadm or zpool give it.
struct PoolLayoutName {
  std::string_view name;
  Redundancy redundancy = Redundancy::None;
  unsigned parity = 0;
  bool is_zfs = false;
  unsigned fewest_members = 2;
};
[[nodiscard]] std::span<const PoolLayoutName> pool_layout_names() noexcept;

/// What mdadm and ZFS take if they are not told.
/// Source: mdadm(8), --chunk: 512K; zfsprops(7), recordsize: 128K.
inline constexpr Bytes kDefaultChunk = Bytes::from_base(512.0 * 1024.0);
inline constexpr Bytes kDefaultRecord = Bytes::from_base(128.0 * 1024.0);

/// What a pool keeps in flight for a sequential reader.
/// Law:    md: two rows of data chunks, at least what any block device has; ZFS: its own prefetch, which begins with 4 MiB
/// Inputs: any layout
/// Valid:  ZFS: prefetch grows to 64 MiB for readers that outrun it, which is left out
/// Source: Linux, drivers/md (ra_pages = 2 x stripe); zfs(4), zfetch_min_distance
/// Error:  exact for the settings
[[nodiscard]] Bytes pool_read_ahead(const PoolLayout& layout) noexcept;

/// `num_members` drives in this layout; `num_groups` of them count for ZFS only.
[[nodiscard]] PoolLayout make_pool_layout(const PoolLayoutName& name, unsigned num_members, unsigned num_groups, Bytes unit);

/// Sectors that a record takes on all members of a raidz group together.
/// Law:    data + parity ceil(data / (width - parity)), rounded up to a multiple of parity + 1
/// Inputs: data: sectors of the record, >= 1
/// Valid:  uncompressed records
/// Source: vdev_raidz_asize of OpenZFS: what is freed must never be too small for another record
/// Error:  exact
[[nodiscard]] std::uint64_t raidz_sectors(const PoolLayout& layout, std::uint64_t data) noexcept;

/// Bytes that fit into a pool whose smallest member has this size; what metadata and reserves take is left out.
[[nodiscard]] Bytes usable_capacity(const PoolLayout& layout, Bytes smallest_member);

/// Bytes that lie on each member when the pool holds this much.
[[nodiscard]] Bytes used_per_member(const PoolLayout& layout, Bytes data);

}  // namespace labtwin::storage
