#pragma once

#include <optional>
#include <vector>

#include "models/base/units.hpp"
#include "models/topology/topology.hpp"

namespace labtwin::topology {

/// The route of least latency; among equals the one of fewest links, then the one that is met first in the order of the links.
/// Nothing if the nodes are not connected; no hops if they are one.
[[nodiscard]] std::optional<Route> find_route(const Topology& topology, NodeId from, NodeId to);
/// Throws ConfigError if the nodes are not connected.
[[nodiscard]] Route route(const Topology& topology, NodeId from, NodeId to);

/// The routes one after the other: what a stream that is staged in between crosses. Each must start where the one before ends.
[[nodiscard]] Route join(const Route& first, const Route& second);

[[nodiscard]] Seconds latency(const Topology& topology, const Route& route);

/// Where a route is narrowest, for one flow alone: the link, and its bandwidth divided by how often the route crosses it.
struct Bottleneck {
  LinkId link = 0;
  BytesPerSecond bandwidth;
};
/// Nothing for a route without hops.
[[nodiscard]] std::optional<Bottleneck> find_bottleneck(const Topology& topology, const Route& route);

/// The links on which flows over both routes contend, in the order of the first route: shared ones that both cross, and
/// full-duplex ones that both cross in the same direction.
[[nodiscard]] std::vector<LinkId> shared_links(const Topology& topology, const Route& first, const Route& second);

}  // namespace labtwin::topology
