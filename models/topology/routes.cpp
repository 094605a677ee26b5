#include "models/topology/routes.hpp"

#include <algorithm>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

#include "models/base/error.hpp"
#include "models/topology/graph.hpp"

namespace labtwin::topology {
namespace {

using detail::Graph;

/// Latency in whole picoseconds, so that equal sums are equal, and then the number of links.
using Distance = std::pair<std::uint64_t, std::uint64_t>;
using Edge = boost::graph_traits<Graph>::edge_descriptor;

constexpr double kPicosecondsPerSecond = 1e12;
constexpr Distance kUnreachable{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()};

struct AddDistances {
  Distance operator()(const Distance& a, const Distance& b) const noexcept {
    if (a == kUnreachable || b == kUnreachable) return kUnreachable;
    return {a.first + b.first, a.second + b.second};
  }
};

/// Remembers over which edge each vertex was reached: with parallel links the predecessor alone does not tell.
class EdgeRecorder : public boost::dijkstra_visitor<> {
 public:
  explicit EdgeRecorder(std::vector<std::optional<Edge>>& edges) : edges_(&edges) {}
  void edge_relaxed(Edge edge, const Graph& graph) const {
    // An undirected edge is seen from the vertex that is being left.
    (*edges_)[boost::target(edge, graph)] = edge;
  }

 private:
  std::vector<std::optional<Edge>>* edges_;
};

std::vector<std::optional<Edge>> reached_over(const Topology& topology, const Graph& graph, NodeId from) {
  std::vector<std::optional<Edge>> edges(topology.nodes().size());
  const auto weight = boost::make_function_property_map<Edge>([&](const Edge& edge) {
    const Link& link = topology.link(boost::get(boost::edge_index, graph, edge));
    return Distance{static_cast<std::uint64_t>(std::llround(link.latency.value() * kPicosecondsPerSecond)), 1};
  });
  boost::dijkstra_shortest_paths(graph, from,
                                 boost::weight_map(weight)
                                     .distance_combine(AddDistances())
                                     .distance_compare(std::less<>())
                                     .distance_inf(kUnreachable)
                                     .distance_zero(Distance{0, 0})
                                     .visitor(EdgeRecorder(edges)));
  return edges;
}

}  // namespace

std::optional<Route> find_route(const Topology& topology, NodeId from, NodeId to) {
  const Graph graph = detail::make_graph(topology);
  const auto edges = reached_over(topology, graph, from);
  Route route{.from = from, .to = to, .hops = {}};
  for (NodeId node = to; node != from;) {
    if (!edges[node]) return std::nullopt;
    const LinkId id = boost::get(boost::edge_index, graph, *edges[node]);
    const Link& link = topology.link(id);
    route.hops.push_back({.link = id, .forward = link.to == node});
    node = link.to == node ? link.from : link.to;
  }
  std::reverse(route.hops.begin(), route.hops.end());
  return route;
}

Route route(const Topology& topology, NodeId from, NodeId to) {
  std::optional<Route> found = find_route(topology, from, to);
  if (!found) {
    Diagnostic diagnostic;
    diagnostic.key = topology.node_name(from);
    diagnostic.rule = "is not connected to " + topology.node_name(to);
    throw ConfigError(std::move(diagnostic));
  }
  return *std::move(found);
}

Route join(const Route& first, const Route& second) {
  LABTWIN_CHECK(first.to == second.from, "the second route must start where the first ends");
  Route joined{.from = first.from, .to = second.to, .hops = first.hops};
  joined.hops.insert(joined.hops.end(), second.hops.begin(), second.hops.end());
  return joined;
}

Seconds latency(const Topology& topology, const Route& route) {
  Seconds sum;
  for (const Hop& hop : route.hops) sum += topology.link(hop.link).latency;
  return sum;
}

std::optional<Bottleneck> find_bottleneck(const Topology& topology, const Route& route) {
  std::optional<Bottleneck> narrowest;
  for (const Hop& hop : route.hops) {
    const Link& link = topology.link(hop.link);
    const std::optional<LaneId> lane = find_lane(link.sharing, hop);
    const auto crossings = std::count_if(route.hops.begin(), route.hops.end(), [&](const Hop& other) {
      return other.link == hop.link && find_lane(link.sharing, other) == lane;
    });
    const BytesPerSecond bandwidth = lane ? link.bandwidth / static_cast<double>(crossings) : link.bandwidth;
    if (!narrowest || bandwidth < narrowest->bandwidth) narrowest = Bottleneck{.link = hop.link, .bandwidth = bandwidth};
  }
  return narrowest;
}

std::vector<LinkId> shared_links(const Topology& topology, const Route& first, const Route& second) {
  std::vector<LinkId> shared;
  for (const Hop& hop : first.hops) {
    const std::optional<LaneId> lane = find_lane(topology.link(hop.link).sharing, hop);
    const bool is_contended = lane && std::any_of(second.hops.begin(), second.hops.end(), [&](const Hop& other) {
                                return find_lane(topology.link(other.link).sharing, other) == lane;
                              });
    if (is_contended && std::find(shared.begin(), shared.end(), hop.link) == shared.end()) shared.push_back(hop.link);
  }
  return shared;
}

}  // namespace labtwin::topology
