#pragma once

// The lab of a scenario: which machines there are, what is in them and how they are connected.
//
//   title = "Two nodes and a switch"
//   [nodes.box]
//   cpu = { cores = 8, clock = "4.2 GHz" }
//   memory = { size = "64 GiB" }
//   board = "msi-meg-x570-unify"             # models/catalog/boards; parts may then name their `slot`, see board_slots.hpp
//   p2p = true                               # the driver lets cards reach each other over PCIe
//   [nodes.box.drives.nvme0]
//   part = "samsung-970-evo-plus"            # models/catalog/drives
//   link = "pcie3x4"                         # what it is plugged into; without it, what it is made for
//   scheduler = "none"
//   [nodes.box.pools.tank]                   # pool_spec.hpp
//   layout = "raid5"
//   members = ["hdd0", "hdd1", "hdd2"]
//   [nodes.box.gpus.gpu0]
//   part = "rtx-3090"                        # models/catalog/gpus
//   link = "pcie4x16"
//   [[nodes.box.bridges]]
//   between = ["gpu0", "gpu1"]
//   link = "nvlink3x4"                       # generation and links
//   [nodes.box.nics.eth0]
//   part = "onboard-2g5"                     # models/catalog/nics; or its numbers: bandwidth = "2.5 Gbit/s"
//   offloads = true; mtu = "1500 B"          # off: what a core sends packet by packet
//   [nodes.box.shares.nas]                   # a volume of another node: share_spec.hpp
//   [switches.desk]
//   bandwidth = "10 Gbit/s"                  # of each port
//   [[cables]]
//   between = ["box.eth0", "desk"]

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"
#include "models/catalog/catalog.hpp"
#include "models/interconnect/link_rate.hpp"
#include "models/serving/locked_clocks.hpp"
#include "models/storage/dirty_pages.hpp"
#include "models/storage/drive_link.hpp"
#include "models/storage/garbage_collection.hpp"
#include "models/storage/read_ahead.hpp"
#include "sim/scenario/pool_spec.hpp"
#include "sim/scenario/share_spec.hpp"

namespace labtwin {

struct CpuSpec {
  int cores = 1;
  std::optional<PerSecond> clock;
};

/// What the kernel and everything that is no service of the scenario keep in RAM (assumed).
inline constexpr Bytes kSystemMemory = Bytes::from_base(1.5 * 1024.0 * 1024.0 * 1024.0);

struct MemorySpec {
  Bytes size;
  std::optional<BytesPerSecond> bandwidth;  ///< of all cores together
  storage::DirtyLimits dirty{};
  std::optional<Bytes> arc_max{};  ///< zfs_arc_max; without it half of the size
};

/// The order in which the host hands I/Os to a drive.
enum class SchedulerName : unsigned char { None, MqDeadline };

/// Settings under /sys/block/<drive>/queue; defaults are Linux'.
struct IoSchedulerSpec {
  SchedulerName name = SchedulerName::None;
  Seconds read_expire = Seconds::from_base(0.5);
  Seconds write_expire = Seconds::from_base(5.0);
  int fifo_batch = 16;
  int writes_starved = 2;
};

/// What takes the heat of a drive away.
enum class CoolingName : unsigned char { None, HeatSink };

struct DriveSpec {
  std::string name;
  std::string part;                          ///< of the catalog
  std::string slot;                          ///< where it sits; may be empty
  std::optional<storage::DriveLink> link{};  ///< as negotiated with it; nothing: what the part is made for
  IoSchedulerSpec scheduler;
  Bytes read_ahead = storage::kReadAhead;  ///< of sequential readers (read_ahead_kb)
  std::optional<Bytes> max_request;        ///< larger I/Os are split by the host
  Bytes data;                              ///< that lies on it and takes room from its SLC cache and from garbage collection
  std::optional<storage::FlashHistory> history{};  ///< before the run; nothing: its data were written once
  std::optional<CoolingName> cooling{};            ///< nothing: it never gets too hot
};

/// A graphics card with the software that runs models on it.
struct GpuSpec {
  std::string name;
  std::string part;  ///< of the catalog
  std::string slot;  ///< where it sits; may be empty
  storage::DriveLink link{.kind = storage::LinkKind::Pcie, .generation = 4, .lanes = 16};
  std::optional<Watts> power_limit{};  ///< `nvidia-smi -pl`
  serving::LockedClocks clocks{};      ///< `nvidia-smi -lgc`, `-lmc`
};

/// Cards that an NVLink bridge joins.
struct BridgeSpec {
  std::string first;
  std::string second;
  interconnect::CardLink link;
};

struct NicSpec {
  std::string name;
  std::string part{};        ///< of the catalog; empty: its numbers stand in the lab
  BytesPerSecond bandwidth;  ///< what the host gets through it, at most what its port has negotiated
  Seconds latency;           ///< of the card and its driver, one way
  std::string slot{};        ///< where it sits; empty: on the board
};

struct NodeSpec {
  std::string name;
  std::string board{};  ///< of the catalog; may be empty
  CpuSpec cpu;
  MemorySpec memory;
  std::vector<DriveSpec> drives;
  std::vector<PoolSpec> pools;
  std::vector<GpuSpec> gpus;
  std::optional<bool> p2p{};  ///< whether cards reach each other's memory over PCIe; nothing: as usual for the cards
  std::vector<BridgeSpec> bridges{};
  std::vector<NicSpec> nics;
  std::vector<ShareSpec> shares{};

  [[nodiscard]] const DriveSpec* find_drive(std::string_view drive) const noexcept;
  [[nodiscard]] const PoolSpec* find_pool(std::string_view pool) const noexcept;
  /// The pool that this drive belongs to; nullptr if none.
  [[nodiscard]] const PoolSpec* pool_of(const std::string& drive) const noexcept;
  /// What services of the node can keep data on: the values of their key `drive`.
  [[nodiscard]] std::vector<std::string> volume_names() const;
  /// The drives that a writer waits for who syncs there.
  [[nodiscard]] std::vector<const DriveSpec*> synced_drives(const std::string& volume) const;
  /// What the node keeps in flight for a sequential reader of this volume.
  [[nodiscard]] Bytes read_ahead_of(const std::string& volume) const;
};

struct SwitchSpec {
  std::string name;
  BytesPerSecond bandwidth;  ///< of each port
  Seconds latency;           ///< from port to port
};

/// Connects two ends, each `node.nic` or the name of a switch.
struct CableSpec {
  std::string from;
  std::string to;
};

struct Lab {
  std::string title;
  std::vector<NodeSpec> nodes;
  std::vector<SwitchSpec> switches;
  std::vector<CableSpec> cables;

  [[nodiscard]] const NodeSpec* find_node(std::string_view node) const noexcept;
};

/// Whether cables lead from one node to the other.
[[nodiscard]] bool are_cabled(const Lab& lab, const std::string& from, const std::string& to);

/// Reads a lab; mistakes go to the reader's sink. The caller finishes the reader.
[[nodiscard]] Lab read_lab(TableReader& root, const catalog::Catalog& catalog);

}  // namespace labtwin
