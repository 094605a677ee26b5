#pragma once

// Pools of a node's drives, as they stand in a lab file, with every default resolved.
//
//   [nodes.box.pools.tank]
//   layout = "raidz2"                        # raid0, raid1, raid10, raid5, raid6 of md; mirror, raidz1, raidz2, raidz3 of ZFS
//   members = ["hdd0", "hdd1", "hdd2", "hdd3", "hdd4", "hdd5"]
//   recordsize = "128 KiB"                   # of ZFS; chunk = "512 KiB" of md
//   vdevs = 1                                # of ZFS: groups of members, records go round them
//   data = "8 TB"                            # that lies on it
//   member_size = "4 TB"                     # that md uses of every member
//   failed = ["hdd2"]                        # members that are missing from the start
//   fails = { drive = "hdd4", at = "10 min" } # a member that fails during the run
//   log = ["optane0"]                        # of ZFS: takes writes that are synced; two or more are mirrored
//   special = { members = ["nvme0", "nvme1"], small_blocks = "32 KiB" }   # of ZFS: a mirror that takes small blocks
//   rebuild = { start = "5 min", onto = "hdd6" }

#include <optional>
#include <string>
#include <vector>

#include "models/base/units.hpp"
#include "models/storage/pool_layout.hpp"

namespace labtwin {

/// A drive takes the place of the first member that failed: md copies its whole size, ZFS what is used.
struct RebuildSpec {
  Seconds start;
  std::string onto;
  Bytes amount;                              ///< that is written to the new drive
  std::optional<BytesPerSecond> max_rate{};  ///< md: sync_speed_max
  std::optional<BytesPerSecond> min_rate{};  ///< md: sync_speed_min, kept up whatever else there is to do
  unsigned max_active = 0;                   ///< ZFS: requests in flight per member, scrub_max_active; 0: md
  unsigned min_active = 1;                   ///< ZFS: the same beside other work
};

/// A member that fails during the run.
struct FailureSpec {
  std::string drive;
  Seconds at;
};

/// The special vdev of ZFS.
struct SpecialSpec {
  std::vector<std::string> members;
  Bytes small_blocks;  ///< special_small_blocks
};

struct PoolSpec {
  std::string name;
  std::string layout_name;
  storage::PoolLayout layout;
  std::vector<std::string> members;
  std::vector<std::string> failed;
  Bytes data;
  std::optional<Bytes> member_size;
  std::optional<RebuildSpec> rebuild;
  std::optional<FailureSpec> failure{};
  std::vector<std::string> log{};
  std::optional<SpecialSpec> special{};

  /// What the rebuild is called, beside services and as the culprit of waiting.
  [[nodiscard]] std::string rebuild_name() const { return "rebuild of " + name; }
  /// The member whose place a rebuild fills.
  [[nodiscard]] const std::string& first_missing() const { return failed.empty() ? failure.value().drive : failed.front(); }
  /// Whether the drive is a member or about to become one.
  [[nodiscard]] bool holds(const std::string& drive) const;
};

}  // namespace labtwin
