#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/topology/cuts.hpp"
#include "models/topology/topology.hpp"

namespace labtwin::output {

/// A way through the lab and what limits it.
struct RouteReport {
  topology::Route route;
  topology::LinkId bottleneck = 0;
  BytesPerSecond bandwidth;          ///< of one flow alone
  Seconds latency;                   ///< one way
  std::optional<topology::Cut> cut;  ///< what bounds all flows over all ways together
};

/// A link for which several routes compete, by their place in the report.
struct ContendedLink {
  topology::LinkId link = 0;
  std::vector<std::size_t> routes;
};

/// A pool of a node's drives.
struct PoolReport {
  std::string name;
  std::string layout;
  std::vector<std::string> members;
  std::vector<std::string> missing;
  unsigned tolerated = 0;       ///< members of a group that may be missing at once
  std::optional<Bytes> usable;  ///< where the size of the members is known
};

/// A part in a slot of a board.
struct SeatReport {
  std::string part;
  std::string slot;
  std::string link;      ///< as negotiated
  std::string native;    ///< what the part is made for; empty if unknown
  std::string hangs_on;  ///< `cpu` or `chipset`
  bool is_crippled = false;
  std::string taker;  ///< the slot whose part took lanes; may be empty
};

/// What `labtwin topology` says of a lab: the routes between its outermost places (drives, memory, machines without
/// either), where they compete, and whose death would split the lab.
struct TopologyReport {
  topology::Topology topology;
  std::vector<RouteReport> routes;
  std::vector<ContendedLink> contended;
  std::vector<topology::NodeId> articulation_points;
  std::vector<PoolReport> pools;
  std::vector<SeatReport> seats{};
};

[[nodiscard]] TopologyReport report_on(topology::Topology topology);
[[nodiscard]] std::string topology_text(const TopologyReport& report);
[[nodiscard]] std::string topology_json(const TopologyReport& report);
/// `busy`: by link, the share of the time in which it was; such links are drawn the hotter and thicker the busier they were.
[[nodiscard]] std::string topology_svg(const topology::Topology& topology, const std::map<topology::LinkId, double>& busy = {});

}  // namespace labtwin::output
