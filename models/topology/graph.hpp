#pragma once

// The topology as a Boost graph, for the algorithms of this folder.

#include <boost/graph/adjacency_list.hpp>

#include "models/topology/topology.hpp"

namespace labtwin::topology::detail {

/// Undirected; vertices are nodes, the edge property is the link's number. Edges are added in the order of the links, so every
/// algorithm meets equal choices in that order.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                                    boost::property<boost::edge_index_t, LinkId>>;

inline Graph make_graph(const Topology& topology) {
  Graph graph(topology.nodes().size());
  for (LinkId id = 0; id < topology.links().size(); ++id) {
    const Link& link = topology.link(id);
    boost::add_edge(link.from, link.to, id, graph);
  }
  return graph;
}

}  // namespace labtwin::topology::detail
