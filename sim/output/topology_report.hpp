#pragma once

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

/// What `labtwin topology` says of a lab: the routes between its outermost places (drives, memory, machines without
/// either), where they compete, and whose death would split the lab.
struct TopologyReport {
  topology::Topology topology;
  std::vector<RouteReport> routes;
  std::vector<ContendedLink> contended;
  std::vector<topology::NodeId> articulation_points;
};

[[nodiscard]] TopologyReport report_on(topology::Topology topology);
[[nodiscard]] std::string topology_text(const TopologyReport& report);
[[nodiscard]] std::string topology_json(const TopologyReport& report);
[[nodiscard]] std::string topology_svg(const topology::Topology& topology);

}  // namespace labtwin::output
