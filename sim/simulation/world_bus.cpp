#include <fmt/format.h>

#include <algorithm>

#include "models/interconnect/link_rate.hpp"
#include "models/topology/routes.hpp"
#include "sim/scenario/lab_topology.hpp"
#include "sim/scenario/server_cards.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

using topology::LaneUse;

bool are_bridged(const NodeSpec& node, const std::string& a, const std::string& b) {
  return std::any_of(node.bridges.begin(), node.bridges.end(), [&](const BridgeSpec& bridge) {
    return (bridge.first == a && bridge.second == b) || (bridge.first == b && bridge.second == a);
  });
}

bool is_card(const NodeSpec& node, const std::string& place) {
  return std::any_of(node.gpus.begin(), node.gpus.end(), [&](const GpuSpec& gpu) { return gpu.name == place; });
}

}  // namespace

topology::Topology World::tree_of(const Scenario& scenario, const catalog::Catalog& catalog) {
  const auto& nodes = scenario.lab.nodes;
  const bool has_board = std::any_of(nodes.begin(), nodes.end(), [](const NodeSpec& node) { return !node.board.empty(); });
  return has_board ? lab_topology(scenario.lab, catalog) : topology::Topology{};
}

void World::build_bus() {
  if (tree_.links().empty()) return;
  std::vector<ResourceId> resources;
  for (const topology::Link& link : tree_.links()) {
    resources.push_back(names_.resources.intern(link_resource(scenario_->lab, link.name)));
  }
  bus_ = std::make_unique<service::Bus>(engine_, tree_, std::move(resources));
}

// From a place of the node to its processor.
std::vector<LaneUse> World::lanes_to_cpu(const NodeSpec& node, const std::string& place, bool is_back) const {
  const topology::NodeId cpu = tree_.node(node.name);
  const topology::NodeId end = tree_.node(fmt::format("{}.{}", node.name, place));
  topology::Route route = is_back ? topology::route(tree_, cpu, end) : topology::route(tree_, end, cpu);
  // A drive's own link is what its law is about.
  if (!is_card(node, place)) route.hops.erase(is_back ? route.hops.end() - 1 : route.hops.begin());
  return topology::lanes_of(tree_, route);
}

std::vector<LaneUse> World::find_lanes(const NodeSpec& node, const std::string& from, const std::string& to) const {
  std::vector<LaneUse> lanes;
  const bool are_cards = is_card(node, from) && is_card(node, to);
  const auto reaches = [&](const std::string& card) { return reaches_peers(node, gpu_named(node, card).part); };
  if (are_cards && (are_bridged(node, from, to) || (reaches(from) && reaches(to)))) {
    lanes = topology::lanes_of(tree_, topology::route(tree_, tree_.node(fmt::format("{}.{}", node.name, from)),
                                                      tree_.node(fmt::format("{}.{}", node.name, to))));
  } else {
    double in_memory = 0.0;  // each end that is elsewhere writes into it, or reads from it
    for (const bool is_back : {false, true}) {
      const std::string& place = is_back ? to : from;
      if (place == "memory") continue;
      topology::add_lanes(lanes, lanes_to_cpu(node, place, is_back));
      ++in_memory;
    }
    if (const auto memory = tree_.find_link(node.name + ".memory")) topology::add_lanes(lanes, {{2 * *memory, in_memory}});
  }
  return lanes;
}

std::vector<LaneUse> World::lanes_between(const NodeSpec& node, const std::string& from, const std::string& to) {
  std::vector<LaneUse> lanes = find_lanes(node, from, to);
  for (const LaneUse& use : lanes) used_links_.insert(use.lane / 2);
  return lanes;
}

service::BusWay World::way_over_bus(const std::string& node_name, const std::string& from, const std::string& to) {
  const NodeSpec& node = *scenario_->lab.find_node(node_name);
  const auto is_drive = [&](const std::string& place) { return node.find_drive(place) != nullptr; };
  const auto is_place = [&](const std::string& place) { return place == "memory" || is_card(node, place) || is_drive(place); };
  // Streams of pools and shares are thought to meet nobody inside the machine; single I/Os of a pool's drives do.
  if (!bus_ || node.board.empty() || !is_place(from) || !is_place(to)) return {};
  return {.bus = bus_.get(), .lanes = lanes_between(node, from, to)};
}

service::BusWay World::inside_machines(const std::string& from, const std::string& to) {
  if (!bus_) return {};
  std::vector<LaneUse> lanes;
  for (const topology::Hop& hop : topology::route(tree_, tree_.node(from), tree_.node(to)).hops) {
    const topology::Link& link = tree_.link(hop.link);
    const auto lane = topology::find_lane(link.sharing, hop);
    if (lane && link.name.ends_with(".uplink")) topology::add_lanes(lanes, {{*lane, 1.0}});
  }
  for (const std::string& name : {from, to}) {
    const auto memory = tree_.find_link(name + ".memory");
    if (memory && !scenario_->lab.find_node(name)->board.empty()) topology::add_lanes(lanes, {{2 * *memory, 1.0}});
  }
  if (lanes.empty()) return {};
  for (const LaneUse& use : lanes) used_links_.insert(use.lane / 2);
  return {.bus = bus_.get(), .lanes = std::move(lanes)};
}

// Around the ring of all-reduces each card sends to the next one, at once or through the memory of the host.
std::vector<LaneUse> World::ring_lanes(const NodeSpec& node, const std::vector<std::string>& cards, bool through_memory) {
  std::vector<LaneUse> lanes;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const std::string& next = cards[(i + 1) % cards.size()];
    topology::add_lanes(lanes, lanes_between(node, cards[i], through_memory ? "memory" : next));
    if (through_memory) topology::add_lanes(lanes, lanes_between(node, "memory", next));
  }
  return lanes;
}

// What cards of a stage send around their ring; a pipeline of single cards hands its tokens on. Beside rings the few messages
// between stages are left out.
std::vector<LaneUse> World::exchange_lanes(const NodeSpec& node, const LlmServerSpec& spec,
                                           const interconnect::CardGroup& group, int copy) {
  const std::vector<std::string> cards = group.expert_copies > 1 ? spec.gpus : spec.cards_of(copy);
  const auto per_stage =
      static_cast<std::size_t>(group.expert_copies > 1 ? static_cast<int>(cards.size()) : group.cards_per_stage());
  std::vector<LaneUse> lanes;
  if (per_stage == 1) {
    for (std::size_t i = 0; i + 1 < cards.size(); ++i) topology::add_lanes(lanes, lanes_between(node, cards[i], cards[i + 1]));
    return lanes;
  }
  for (auto first = cards.begin(); first != cards.end(); first += static_cast<std::ptrdiff_t>(per_stage)) {
    topology::add_lanes(lanes,
                        ring_lanes(node, {first, first + static_cast<std::ptrdiff_t>(per_stage)}, group.path == "pcie staged"));
  }
  return lanes;
}

// Weights that stay in the memory of the host are read there; copies of them to the card are thought to meet nobody on its
// link.
void World::cross_memory(const NodeSpec& node, service::LlmServer& server, const std::string& name) {
  const auto memory = tree_.find_link(node.name + ".memory");
  if (node.board.empty() || !memory) return;
  used_links_.insert(*memory);
  server.cross(*bus_, {{2 * *memory, 1.0}}, names_.owners.intern(name));
}

void World::build(const ServiceSpec& service, const BulkCopySpec& spec) {
  if (!spec.is_enabled) return;
  const NodeSpec& node = *scenario_->lab.find_node(service.node);
  topology::StreamDemand demand{.lanes = lanes_between(node, spec.from, spec.to)};
  for (const std::string& place : {spec.from, spec.to}) {
    if (!is_card(node, place)) continue;
    const storage::DriveLink& link = gpu_named(node, place).link;
    const interconnect::CardLink line{interconnect::LinkFamily::Pcie, static_cast<int>(link.generation),
                                      static_cast<int>(link.lanes)};
    demand.cap = std::min(demand.cap, interconnect::line_rate(line) * kCopyShare);
  }
  if (spec.rate_limit) demand.cap = std::min(demand.cap, *spec.rate_limit);
  const service::BulkCopyOptions options{.owner = names_.owners.intern(service.name), .schedule = spec.schedule};
  copies_.emplace(service.name, std::make_unique<service::BulkCopy>(engine_, *bus_, std::move(demand), options));
}

}  // namespace labtwin
