#pragma once

// Everything that moves bytes is a link: NVMe media, PCIe lanes, chipset uplink, DRAM, NIC, switch port. The topology is the
// graph of these; it answers which links a transfer crosses. It knows nothing of time or SimGrid.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::topology {

using NodeId = std::uint32_t;
using LinkId = std::uint32_t;

/// Shared: both directions draw from one capacity (DRAM, NVMe media). FullDuplex: a capacity per direction (PCIe, NIC,
/// switch port). Cap: limits each flow on its own and is not consumed (a per-stream ceiling).
enum class Sharing : std::uint8_t { Shared, FullDuplex, Cap };

struct Link {
  std::string name;
  NodeId from = 0;
  NodeId to = 0;
  BytesPerSecond bandwidth;
  Seconds latency;  ///< > 0
  Sharing sharing = Sharing::FullDuplex;
};

/// One link of a route and the direction in which it is crossed.
struct Hop {
  LinkId link = 0;
  bool forward = true;
};

/// The links from one node to another in order of crossing; a link crossed twice is listed twice.
struct Route {
  NodeId from = 0;
  NodeId to = 0;
  std::vector<Hop> hops;
};

}  // namespace labtwin::topology
