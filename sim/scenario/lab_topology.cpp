#include "sim/scenario/lab_topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "models/registry.hpp"
#include "sim/scenario/drive_slot.hpp"

namespace labtwin {
namespace {

using topology::NodeId;
using topology::Sharing;
using topology::Topology;

/// Where a lab file gives no latency. Links need one; these are too short to matter beside anything that they join.
constexpr Seconds kShortest = Seconds::from_base(1e-9);
/// Load-to-use latency of DRAM, the order of magnitude for desktop and server parts alike.
constexpr Seconds kMemoryLatency = Seconds::from_base(1e-7);

/// What one end of a cable can do.
struct CableEnd {
  BytesPerSecond bandwidth;
  Seconds latency;
};

CableEnd cable_end(const Lab& lab, const std::string& name) {
  for (const SwitchSpec& one : lab.switches) {
    if (one.name == name) return {.bandwidth = one.bandwidth, .latency = one.latency};
  }
  for (const NodeSpec& node : lab.nodes) {
    for (const NicSpec& nic : node.nics) {
      // The card's own latency belongs to its link to the CPU.
      if (fmt::format("{}.{}", node.name, nic.name) == name) return {.bandwidth = nic.bandwidth, .latency = Seconds{}};
    }
  }
  return {};
}

void add_drive(Topology& graph, NodeId cpu, const std::string& name, const storage::DriveLaw& law) {
  const storage::IoClass stream{storage::Direction::Read, storage::Pattern::Sequential, 1_MiB};
  const storage::IoClass lookup{storage::Direction::Read, storage::Pattern::Random, 4_KiB};
  const NodeId drive = graph.add_node(name);
  graph.add_link({.name = name,
                  .from = drive,
                  .to = cpu,
                  .bandwidth = stream.block_size / law.work(stream),
                  .latency = law.mean_latency(lookup, {.backlog = law.work(lookup), .num_in_flight = 1.0}),
                  .sharing = Sharing::Shared});
}

void add_node(Topology& graph, const NodeSpec& node, const catalog::Catalog& catalog) {
  const NodeId cpu = graph.add_node(node.name);
  if (node.memory.bandwidth) {
    const std::string name = node.name + ".memory";
    graph.add_link({.name = name,
                    .from = graph.add_node(name),
                    .to = cpu,
                    .bandwidth = *node.memory.bandwidth,
                    .latency = kMemoryLatency,
                    .sharing = Sharing::Shared});
  }
  for (const DriveSpec& drive : node.drives) {
    add_drive(graph, cpu, fmt::format("{}.{}", node.name, drive.name),
              *law_in_slot(load_drive(catalog, drive.part), drive.link));
  }
  for (const NicSpec& nic : node.nics) {
    const std::string name = fmt::format("{}.{}", node.name, nic.name);
    graph.add_link({.name = name,
                    .from = graph.add_node(name),
                    .to = cpu,
                    .bandwidth = nic.bandwidth,
                    .latency = std::max(nic.latency, kShortest),
                    .sharing = Sharing::FullDuplex});
  }
}

}  // namespace

Topology lab_topology(const Lab& lab, const catalog::Catalog& catalog) {
  Topology graph;
  for (const NodeSpec& node : lab.nodes) add_node(graph, node, catalog);
  for (const SwitchSpec& one : lab.switches) graph.add_node(one.name);
  for (const CableSpec& cable : lab.cables) {
    const CableEnd from = cable_end(lab, cable.from);
    const CableEnd to = cable_end(lab, cable.to);
    graph.add_link({.name = fmt::format("{} - {}", cable.from, cable.to),
                    .from = graph.node(cable.from),
                    .to = graph.node(cable.to),
                    .bandwidth = std::min(from.bandwidth, to.bandwidth),
                    .latency = std::max(from.latency + to.latency, kShortest),
                    .sharing = Sharing::FullDuplex});
  }
  return graph;
}

}  // namespace labtwin
