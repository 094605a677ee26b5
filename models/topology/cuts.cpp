#include "models/topology/cuts.hpp"

#include <algorithm>
#include <boost/graph/biconnected_components.hpp>
#include <boost/graph/edmonds_karp_max_flow.hpp>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include "models/topology/graph.hpp"

namespace labtwin::topology {
namespace {

using FlowTraits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
/// Capacities in whole bytes per second, so that the flow is exact.
using Capacity = std::int64_t;
using FlowGraph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_capacity_t, Capacity,
                    boost::property<boost::edge_residual_capacity_t, Capacity,
                                    boost::property<boost::edge_reverse_t, FlowTraits::edge_descriptor>>>>;

/// More than all real links together; small enough not to overflow when added up.
constexpr Capacity kUnlimited = std::numeric_limits<Capacity>::max() / (1 << 20);

/// Both directions of a link as a pair of edges that are each other's reverse, which is right for full duplex and, since
/// traffic one way never gains from traffic the other way, for shared links too.
FlowGraph make_flow_graph(const Topology& topology) {
  FlowGraph graph(topology.nodes().size());
  for (const Link& link : topology.links()) {
    const Capacity capacity =
        link.sharing == Sharing::Cap ? kUnlimited : static_cast<Capacity>(std::llround(link.bandwidth.value()));
    const auto there = boost::add_edge(link.from, link.to, graph).first;
    const auto back = boost::add_edge(link.to, link.from, graph).first;
    boost::put(boost::edge_capacity, graph, there, capacity);
    boost::put(boost::edge_capacity, graph, back, capacity);
    boost::put(boost::edge_reverse, graph, there, back);
    boost::put(boost::edge_reverse, graph, back, there);
  }
  return graph;
}

/// The nodes that more flow could still reach.
std::vector<bool> reachable_in_residual(const FlowGraph& graph, NodeId from) {
  std::vector<bool> is_reached(boost::num_vertices(graph), false);
  std::vector<NodeId> pending{from};
  is_reached[from] = true;
  while (!pending.empty()) {
    const NodeId node = pending.back();
    pending.pop_back();
    const auto [first, last] = boost::out_edges(node, graph);
    for (auto edge = first; edge != last; ++edge) {
      const auto next = static_cast<NodeId>(boost::target(*edge, graph));
      if (is_reached[next] || boost::get(boost::edge_residual_capacity, graph, *edge) == 0) continue;
      is_reached[next] = true;
      pending.push_back(next);
    }
  }
  return is_reached;
}

}  // namespace

std::optional<Cut> minimum_cut(const Topology& topology, NodeId from, NodeId to) {
  if (from == to) return std::nullopt;
  FlowGraph graph = make_flow_graph(topology);
  const Capacity flow = boost::edmonds_karp_max_flow(graph, from, to);
  if (flow >= kUnlimited) return std::nullopt;
  const std::vector<bool> is_near = reachable_in_residual(graph, from);
  Cut cut{.bandwidth = BytesPerSecond::from_base(static_cast<double>(flow)), .links = {}};
  for (LinkId id = 0; id < topology.links().size(); ++id) {
    const Link& link = topology.link(id);
    if (is_near[link.from] != is_near[link.to]) cut.links.push_back(id);
  }
  return cut;
}

std::vector<NodeId> articulation_points(const Topology& topology) {
  const detail::Graph graph = detail::make_graph(topology);
  std::vector<NodeId> points;
  boost::articulation_points(graph, std::back_inserter(points));
  std::sort(points.begin(), points.end());
  return points;
}

}  // namespace labtwin::topology
