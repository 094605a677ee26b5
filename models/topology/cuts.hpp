#pragma once

#include <optional>
#include <vector>

#include "models/base/units.hpp"
#include "models/topology/topology.hpp"

namespace labtwin::topology {

/// Where the bandwidth between two places really ends: the links whose removal separates them and whose capacity is the
/// least. However many flows take however many ways, their sum cannot exceed it.
struct Cut {
  BytesPerSecond bandwidth;
  std::vector<LinkId> links;  ///< ascending
};

/// The minimum cut for traffic from one node to another, the one nearest to `from` if there are several. A Cap limits each flow
/// but not their sum and is never part of it. Nodes that are not connected have an empty cut of 0 B/s; nothing is returned if
/// only caps, or nothing at all, lie between them.
[[nodiscard]] std::optional<Cut> minimum_cut(const Topology& topology, NodeId from, NodeId to);

/// The nodes whose failure splits what is connected, ascending.
[[nodiscard]] std::vector<NodeId> articulation_points(const Topology& topology);

}  // namespace labtwin::topology
