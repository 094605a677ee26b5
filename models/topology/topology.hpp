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

/// What a transfer consumes of a link: the whole of a shared one, one direction of a full-duplex one, nothing of a cap.
/// Numbered 2 x link, plus 1 for the backward direction.
using LaneId = std::uint32_t;
[[nodiscard]] std::optional<LaneId> find_lane(Sharing sharing, const Hop& hop) noexcept;

/// What is connected to what. Nodes and links are numbered in the order in which they were added.
class Topology {
 public:
  /// Throws ConfigError if the name is taken.
  NodeId add_node(std::string name);
  /// Throws ConfigError if the name is taken, an end does not exist, or bandwidth or latency is not positive.
  LinkId add_link(Link link);

  [[nodiscard]] const std::vector<std::string>& nodes() const noexcept { return nodes_; }
  [[nodiscard]] const std::vector<Link>& links() const noexcept { return links_; }
  [[nodiscard]] const Link& link(LinkId id) const { return links_.at(id); }
  [[nodiscard]] const std::string& node_name(NodeId id) const { return nodes_.at(id); }
  [[nodiscard]] std::optional<NodeId> find_node(std::string_view name) const noexcept;
  [[nodiscard]] std::optional<LinkId> find_link(std::string_view name) const noexcept;
  /// Throws ConfigError if there is no such node.
  [[nodiscard]] NodeId node(std::string_view name) const;

 private:
  std::vector<std::string> nodes_;
  std::vector<Link> links_;
};

}  // namespace labtwin::topology
