#include "models/topology/topology.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"
#include "models/topology/cuts.hpp"
#include "models/topology/routes.hpp"

namespace labtwin::topology {
namespace {

/// A machine whose two cards hang off the CPU and off the chipset, and whose drive shares the chipset's uplink.
///
///   gpu0 --x16-- cpu ==uplink== chipset --x4-- gpu1
///                 |                 `--m2-- nvme
///                dram
class Machine {
 public:
  LinkId add(const char* name, NodeId from, NodeId to, double gigabytes_per_second, double latency_us,
             Sharing sharing = Sharing::FullDuplex) {
    return topology.add_link({.name = name,
                              .from = from,
                              .to = to,
                              .bandwidth = BytesPerSecond::from_base(gigabytes_per_second * 1e9),
                              .latency = Seconds::from_base(latency_us * 1e-6),
                              .sharing = sharing});
  }

  Topology topology;
  NodeId cpu = topology.add_node("cpu");
  NodeId chipset = topology.add_node("chipset");
  NodeId gpu0 = topology.add_node("gpu0");
  NodeId gpu1 = topology.add_node("gpu1");
  NodeId nvme = topology.add_node("nvme");
  NodeId dram = topology.add_node("dram");
  LinkId x16 = add("x16", cpu, gpu0, 26, 1);
  LinkId uplink = add("uplink", cpu, chipset, 7.8, 1);
  LinkId x4 = add("x4", chipset, gpu1, 6.5, 1);
  LinkId m2 = add("m2", nvme, chipset, 7, 60);
  LinkId memory = add("memory", dram, cpu, 80, 0.1, Sharing::Shared);
};

std::vector<LinkId> links_of(const Route& route) {
  std::vector<LinkId> links;
  for (const Hop& hop : route.hops) links.push_back(hop.link);
  return links;
}

TEST(Topology, RefusesWhatCannotBe) {
  Machine machine;
  EXPECT_THROW(machine.topology.add_node("cpu"), ConfigError);
  EXPECT_THROW(machine.add("uplink", machine.cpu, machine.gpu0, 1, 1), ConfigError);
  EXPECT_THROW(machine.add("new", machine.cpu, 77, 1, 1), ConfigError);
  EXPECT_THROW(machine.add("new", machine.cpu, machine.gpu0, 0, 1), ConfigError);
  EXPECT_THROW(machine.add("new", machine.cpu, machine.gpu0, 1, 0), ConfigError);
  EXPECT_THROW(static_cast<void>(machine.topology.node("gpu7")), ConfigError);
  EXPECT_EQ(machine.topology.node("gpu1"), machine.gpu1);
}

TEST(Routes, CrossEveryLinkInOrderAndDirection) {
  const Machine machine;
  const Route from_drive = route(machine.topology, machine.nvme, machine.gpu0);
  EXPECT_EQ(links_of(from_drive), (std::vector<LinkId>{machine.m2, machine.uplink, machine.x16}));
  EXPECT_TRUE(from_drive.hops[0].forward);
  EXPECT_FALSE(from_drive.hops[1].forward);
  EXPECT_TRUE(from_drive.hops[2].forward);
  EXPECT_DOUBLE_EQ(latency(machine.topology, from_drive).value(), 62e-6);
  const auto bottleneck = find_bottleneck(machine.topology, from_drive);
  ASSERT_TRUE(bottleneck);
  EXPECT_EQ(bottleneck->link, machine.m2);
  EXPECT_EQ(bottleneck->bandwidth, 7000_MBps);
}

TEST(Routes, PreferLatencyThenFewerLinksThenTheFirstLink) {
  Machine machine;
  Topology& topology = machine.topology;
  const LinkId twin = machine.add("uplink2", machine.cpu, machine.chipset, 100, 1);
  EXPECT_EQ(links_of(route(topology, machine.cpu, machine.chipset)), std::vector<LinkId>{machine.uplink});
  const LinkId direct = machine.add("bridge", machine.gpu0, machine.gpu1, 50, 3);  // as slow as the way over the chipset
  EXPECT_EQ(links_of(route(topology, machine.gpu0, machine.gpu1)), std::vector<LinkId>{direct});
  const LinkId quick = machine.add("quick", machine.cpu, machine.chipset, 1, 0.5);
  EXPECT_EQ(links_of(route(topology, machine.cpu, machine.chipset)), std::vector<LinkId>{quick});
  EXPECT_NE(twin, quick);
}

TEST(Routes, DoNotExistBetweenIslands) {
  Machine machine;
  const NodeId island = machine.topology.add_node("island");
  EXPECT_FALSE(find_route(machine.topology, machine.cpu, island));
  EXPECT_THROW(static_cast<void>(route(machine.topology, machine.cpu, island)), ConfigError);
  EXPECT_TRUE(route(machine.topology, machine.cpu, machine.cpu).hops.empty());
}

TEST(Routes, DivideALinkThatIsCrossedTwice) {
  const Machine machine;
  const Route copy =
      join(route(machine.topology, machine.cpu, machine.dram), route(machine.topology, machine.dram, machine.cpu));
  EXPECT_EQ(find_bottleneck(machine.topology, copy)->bandwidth, 40000_MBps);
  const Route there_and_back =
      join(route(machine.topology, machine.cpu, machine.gpu0), route(machine.topology, machine.gpu0, machine.cpu));
  EXPECT_EQ(find_bottleneck(machine.topology, there_and_back)->bandwidth, 26000_MBps);
}

TEST(Routes, ContendWhereTheyCrossTheSameLane) {
  const Machine machine;
  const Topology& topology = machine.topology;
  const Route drive = route(topology, machine.nvme, machine.dram);
  const Route card = route(topology, machine.gpu1, machine.dram);
  EXPECT_EQ(shared_links(topology, drive, card), (std::vector<LinkId>{machine.uplink, machine.memory}));
  // Full duplex: the other direction of the uplink is free; DRAM has one capacity for both.
  const Route to_card = route(topology, machine.dram, machine.gpu1);
  EXPECT_EQ(shared_links(topology, drive, to_card), std::vector<LinkId>{machine.memory});
}

TEST(MinimumCut, IsTheNarrowestLinkOfAChain) {
  const Machine machine;
  const auto cut = minimum_cut(machine.topology, machine.nvme, machine.gpu1);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->bandwidth, 6500_MBps);
  EXPECT_EQ(cut->links, std::vector<LinkId>{machine.x4});
}

TEST(MinimumCut, AddsUpParallelWays) {
  Machine machine;
  const LinkId bridge = machine.add("bridge", machine.gpu1, machine.gpu0, 50, 1);
  const auto cut = minimum_cut(machine.topology, machine.cpu, machine.gpu1);
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->bandwidth, 32500_MBps);  // 26 over gpu0 and the bridge, 6.5 over the chipset
  EXPECT_EQ(cut->links, (std::vector<LinkId>{machine.x16, machine.x4}));
  EXPECT_LT(machine.x4, bridge);
}

TEST(MinimumCut, IgnoresCapsAndKnowsIslands) {
  Machine machine;
  const NodeId island = machine.topology.add_node("island");
  EXPECT_EQ(minimum_cut(machine.topology, machine.cpu, island)->bandwidth, 0_MBps);
  machine.add("ceiling", machine.cpu, island, 0.1, 1, Sharing::Cap);
  EXPECT_FALSE(minimum_cut(machine.topology, machine.cpu, island));
}

TEST(ArticulationPoints, AreTheNodesWhoseDeathSplitsTheLab) {
  Machine machine;
  EXPECT_EQ(articulation_points(machine.topology), (std::vector<NodeId>{machine.cpu, machine.chipset}));
  machine.add("bridge", machine.gpu0, machine.gpu1, 50, 1);
  machine.add("cxl", machine.dram, machine.gpu0, 50, 1);
  EXPECT_EQ(articulation_points(machine.topology), std::vector<NodeId>{machine.chipset});
}

}  // namespace
}  // namespace labtwin::topology
