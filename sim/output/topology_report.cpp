#include "sim/output/topology_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "models/topology/routes.hpp"
#include "sim/output/number_text.hpp"
#include "sim/output/text_table.hpp"

namespace labtwin::output {
namespace {

using topology::Link;
using topology::LinkId;
using topology::NodeId;
using topology::Sharing;
using topology::Topology;
using Json = nlohmann::ordered_json;

std::string sharing_name(Sharing sharing) {
  switch (sharing) {
    case Sharing::Shared:
      return "shared";
    case Sharing::FullDuplex:
      return "full duplex";
    case Sharing::Cap:
      return "cap per flow";
  }
  return "";
}

/// The places where only one link ends: where bytes come from and go to.
std::vector<NodeId> outermost(const Topology& lab) {
  std::vector<std::size_t> num_links(lab.nodes().size(), 0);
  for (const Link& link : lab.links()) {
    ++num_links[link.from];
    ++num_links[link.to];
  }
  std::vector<NodeId> places;
  for (NodeId node = 0; node < num_links.size(); ++node) {
    if (num_links[node] == 1) places.push_back(node);
  }
  return places;
}

std::vector<std::string> link_names(const Topology& lab, const std::vector<LinkId>& links) {
  std::vector<std::string> names;
  for (LinkId link : links) names.push_back(lab.link(link).name);
  return names;
}

std::vector<std::string> link_names(const Topology& lab, const topology::Route& route) {
  std::vector<LinkId> links;
  for (const topology::Hop& hop : route.hops) links.push_back(hop.link);
  return link_names(lab, links);
}

std::vector<ContendedLink> find_contended(const TopologyReport& report) {
  std::vector<ContendedLink> contended;
  for (LinkId link = 0; link < report.topology.links().size(); ++link) {
    ContendedLink entry{.link = link, .routes = {}};
    for (std::size_t i = 0; i < report.routes.size(); ++i) {
      const bool competes = std::any_of(report.routes.begin(), report.routes.end(), [&](const RouteReport& other) {
        const auto shared = topology::shared_links(report.topology, report.routes[i].route, other.route);
        return &other != &report.routes[i] && std::find(shared.begin(), shared.end(), link) != shared.end();
      });
      if (competes) entry.routes.push_back(i);
    }
    if (!entry.routes.empty()) contended.push_back(std::move(entry));
  }
  return contended;
}

std::string route_name(const TopologyReport& report, std::size_t index) {
  const topology::Route& route = report.routes[index].route;
  return fmt::format("{} -> {}", report.topology.node_name(route.from), report.topology.node_name(route.to));
}

/// The graph as a tree from its first node on; a link that closes a ring is shown where it is met, with an arrow.
void append_tree(const Topology& lab, NodeId node, std::size_t depth, std::vector<bool>& is_shown, std::string& text) {
  for (const Link& link : lab.links()) {
    if (link.from != node && link.to != node) continue;
    const NodeId other = link.from == node ? link.to : link.from;
    if (is_shown[other]) continue;
    is_shown[other] = true;
    text += fmt::format("{:{}}{}  ({}, {})\n", "", 2 * depth, lab.node_name(other), rate_text(link.bandwidth.value()),
                        sharing_name(link.sharing));
    append_tree(lab, other, depth + 1, is_shown, text);
  }
}

std::string tree_text(const Topology& lab) {
  std::string text;
  std::vector<bool> is_shown(lab.nodes().size(), false);
  for (NodeId node = 0; node < lab.nodes().size(); ++node) {
    if (is_shown[node]) continue;
    is_shown[node] = true;
    text += lab.node_name(node) + '\n';
    append_tree(lab, node, 1, is_shown, text);
  }
  return text;
}

std::string links_text(const Topology& lab) {
  TextTable table({"link", "from", "to", "bandwidth", "latency", "sharing"});
  for (const Link& link : lab.links()) {
    table.add({link.name, lab.node_name(link.from), lab.node_name(link.to), rate_text(link.bandwidth.value()),
               duration_text(link.latency.value()), sharing_name(link.sharing)});
  }
  return table.text();
}

std::string routes_text(const TopologyReport& report) {
  const Topology& lab = report.topology;
  TextTable table({"route", "bandwidth", "latency", "narrowest link", "all ways together", "cut"});
  for (std::size_t i = 0; i < report.routes.size(); ++i) {
    const RouteReport& route = report.routes[i];
    table.add({route_name(report, i), rate_text(route.bandwidth.value()), duration_text(route.latency.value()),
               lab.link(route.bottleneck).name, route.cut ? rate_text(route.cut->bandwidth.value()) : "not limited",
               route.cut ? fmt::format("{}", fmt::join(link_names(lab, route.cut->links), ", ")) : ""});
  }
  return table.text();
}

std::string pools_text(const std::vector<PoolReport>& pools) {
  TextTable table({"pool", "layout", "members", "missing", "may be missing", "usable"});
  for (const PoolReport& pool : pools) {
    table.add({pool.name, pool.layout, fmt::format("{}", fmt::join(pool.members, ", ")),
               fmt::format("{}", fmt::join(pool.missing, ", ")), fmt::format("{}", pool.tolerated),
               pool.usable ? format_quantity(*pool.usable) : "size of members not given"});
  }
  return table.text();
}

std::string seats_text(const std::vector<SeatReport>& seats) {
  TextTable table({"part", "slot", "hangs on", "link", "made for"});
  std::string warnings;
  for (const SeatReport& seat : seats) {
    table.add({seat.part, seat.slot, seat.hangs_on, seat.link, seat.native});
    if (!seat.is_crippled) continue;
    warnings += fmt::format("  {} in {} runs at {}, made for {}{}\n", seat.part, seat.slot, seat.link, seat.native,
                            seat.taker.empty() ? "" : fmt::format(": {} takes its lanes", seat.taker));
  }
  return table.text() + (warnings.empty() ? "" : "\nParts in slots too narrow for them:\n" + warnings);
}

}  // namespace

TopologyReport report_on(Topology topology) {
  TopologyReport report{.topology = std::move(topology), .routes = {}, .contended = {}, .articulation_points = {}, .pools = {}};
  const Topology& lab = report.topology;
  const std::vector<NodeId> places = outermost(lab);
  for (NodeId from : places) {
    for (NodeId to : places) {
      if (to <= from) continue;
      std::optional<topology::Route> route = topology::find_route(lab, from, to);
      if (!route) continue;
      const auto bottleneck = topology::find_bottleneck(lab, *route);
      report.routes.push_back({.route = *route,
                               .bottleneck = bottleneck->link,
                               .bandwidth = bottleneck->bandwidth,
                               .latency = topology::latency(lab, *route),
                               .cut = topology::minimum_cut(lab, from, to)});
    }
  }
  report.contended = find_contended(report);
  report.articulation_points = topology::articulation_points(lab);
  return report;
}

std::string topology_text(const TopologyReport& report) {
  const Topology& lab = report.topology;
  std::string text = tree_text(lab) + '\n' + links_text(lab);
  if (!report.routes.empty()) text += '\n' + routes_text(report);
  if (!report.seats.empty()) text += '\n' + seats_text(report.seats);
  if (!report.pools.empty()) text += '\n' + pools_text(report.pools);
  if (!report.contended.empty()) text += "\nWhere routes compete:\n";
  for (const ContendedLink& contended : report.contended) {
    std::vector<std::string> names;
    for (std::size_t route : contended.routes) names.push_back(route_name(report, route));
    text += fmt::format("  {}: {}\n", lab.link(contended.link).name, fmt::join(names, "; "));
  }
  std::vector<std::string> points;
  for (NodeId node : report.articulation_points) points.push_back(lab.node_name(node));
  if (!points.empty()) text += fmt::format("\nThe lab falls apart without any of: {}\n", fmt::join(points, ", "));
  return text;
}

std::string topology_json(const TopologyReport& report) {
  const Topology& lab = report.topology;
  Json json{{"nodes", lab.nodes()}, {"links", Json::array()}, {"routes", Json::array()}, {"contended", Json::array()}};
  for (const Link& link : lab.links()) {
    json["links"].push_back({{"name", link.name},
                             {"from", lab.node_name(link.from)},
                             {"to", lab.node_name(link.to)},
                             {"bandwidth_bytes_per_s", link.bandwidth.value()},
                             {"latency_s", link.latency.value()},
                             {"sharing", sharing_name(link.sharing)}});
  }
  for (const RouteReport& route : report.routes) {
    Json row{{"from", lab.node_name(route.route.from)},
             {"to", lab.node_name(route.route.to)},
             {"links", link_names(lab, route.route)},
             {"bandwidth_bytes_per_s", route.bandwidth.value()},
             {"latency_s", route.latency.value()},
             {"narrowest_link", lab.link(route.bottleneck).name},
             {"cut", nullptr}};
    if (route.cut) {
      row["cut"] = {{"bandwidth_bytes_per_s", route.cut->bandwidth.value()}, {"links", link_names(lab, route.cut->links)}};
    }
    json["routes"].push_back(std::move(row));
  }
  for (const ContendedLink& contended : report.contended) {
    json["contended"].push_back({{"link", lab.link(contended.link).name}, {"routes", contended.routes}});
  }
  json["pools"] = Json::array();
  for (const PoolReport& pool : report.pools) {
    Json row{{"name", pool.name}, {"layout", pool.layout}, {"members", pool.members}, {"missing", pool.missing}};
    row["may_be_missing"] = pool.tolerated;
    if (pool.usable) row["usable_bytes"] = pool.usable->value();
    json["pools"].push_back(std::move(row));
  }
  json["seats"] = Json::array();
  for (const SeatReport& seat : report.seats) {
    json["seats"].push_back({{"part", seat.part},
                             {"slot", seat.slot},
                             {"link", seat.link},
                             {"made_for", seat.native},
                             {"hangs_on", seat.hangs_on},
                             {"is_crippled", seat.is_crippled},
                             {"lanes_taken_by", seat.taker}});
  }
  json["articulation_points"] = Json::array();
  for (NodeId node : report.articulation_points) json["articulation_points"].push_back(lab.node_name(node));
  return json.dump(2);
}

}  // namespace labtwin::output
