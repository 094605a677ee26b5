#include "sim/scenario/lab_topology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "models/interconnect/link_rate.hpp"
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

/// Of a transaction to a card and back, and what a chipset adds: peers behind one switch answer in 0.7 us, a switch adds 0.6.
constexpr Seconds kCardLatency = Seconds::from_base(7e-7);
constexpr Seconds kBridgeLatency = Seconds::from_base(6e-7);

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

/// Where the parts of a node are joined: to its CPU, or to the chipset of its board.
class Attachment {
 public:
  Attachment(Topology& graph, NodeId cpu, const NodeSpec& node, const catalog::Catalog& catalog) : cpu_(cpu) {
    if (node.board.empty()) return;
    board_ = load_board(catalog, node.board).board;
    if (!board_->uplink) return;
    chipset_ = graph.add_node(node.name + ".chipset");
    graph.add_link({.name = node.name + ".uplink",
                    .from = *chipset_,
                    .to = cpu,
                    .bandwidth = storage::data_rate(pcie(*board_->uplink)),
                    .latency = kBridgeLatency,
                    .sharing = Sharing::FullDuplex});
  }

  [[nodiscard]] bool has_board() const noexcept { return board_.has_value(); }
  /// Of what sits in this slot.
  [[nodiscard]] NodeId of_slot(const std::string& slot) const {
    const topology::Slot* found = board_ ? board_->find(slot) : nullptr;
    return found != nullptr && found->on_chipset && chipset_ ? *chipset_ : cpu_;
  }
  /// Of what is soldered to the board.
  [[nodiscard]] NodeId of_board() const { return chipset_.value_or(cpu_); }

 private:
  static storage::DriveLink pcie(const topology::PcieLanes& lanes) {
    return {.kind = storage::LinkKind::Pcie, .generation = lanes.generation, .lanes = lanes.lanes};
  }

  NodeId cpu_;
  std::optional<topology::Board> board_;
  std::optional<NodeId> chipset_;
};

void add_card(Topology& graph, NodeId end, const std::string& name, const GpuSpec& gpu) {
  graph.add_link({.name = name,
                  .from = graph.add_node(name),
                  .to = end,
                  .bandwidth = storage::data_rate(gpu.link),
                  .latency = kCardLatency,
                  .sharing = Sharing::FullDuplex});
}

/// Peers that a bridge joins take it: it is shorter than the way over the processor.
void add_bridge(Topology& graph, const std::string& node, const BridgeSpec& bridge) {
  graph.add_link({.name = fmt::format("{}.nvlink {}-{}", node, bridge.first, bridge.second),
                  .from = graph.node(fmt::format("{}.{}", node, bridge.first)),
                  .to = graph.node(fmt::format("{}.{}", node, bridge.second)),
                  .bandwidth = interconnect::line_rate(bridge.link),
                  .latency = kCardLatency,
                  .sharing = Sharing::FullDuplex});
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
  const Attachment attachment(graph, cpu, node, catalog);
  if (attachment.has_board()) {
    for (const GpuSpec& gpu : node.gpus) {
      add_card(graph, attachment.of_slot(gpu.slot), fmt::format("{}.{}", node.name, gpu.name), gpu);
    }
    for (const BridgeSpec& bridge : node.bridges) add_bridge(graph, node.name, bridge);
  }
  for (const DriveSpec& drive : node.drives) {
    add_drive(graph, attachment.of_slot(drive.slot), fmt::format("{}.{}", node.name, drive.name),
              *law_in_slot(load_drive(catalog, drive.part), drive.link));
  }
  for (const NicSpec& nic : node.nics) {
    const std::string name = fmt::format("{}.{}", node.name, nic.name);
    graph.add_link({.name = name,
                    .from = graph.add_node(name),
                    .to = nic.slot.empty() ? attachment.of_board() : attachment.of_slot(nic.slot),
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

std::string link_resource(const Lab& lab, const std::string& link) {
  const std::size_t dot = link.find('.');
  const NodeSpec* node = lab.find_node(link.substr(0, dot));
  if (node == nullptr || dot == std::string::npos || link.find(" - ") != std::string::npos) return link;
  const std::string part = link.substr(dot + 1);
  const bool is_card = std::any_of(node->gpus.begin(), node->gpus.end(), [&](const GpuSpec& gpu) { return gpu.name == part; });
  const std::string name = is_card ? "PCIe of " + part : part == "uplink" ? "chipset uplink" : part;
  return lab.nodes.size() == 1 ? name : fmt::format("{}.{}", node->name, name);
}

}  // namespace labtwin
