#include "sim/scenario/board_slots.hpp"

#include <gtest/gtest.h>

#include <string>

#include "models/base/error.hpp"
#include "models/topology/routes.hpp"
#include "sim/scenario/lab_topology.hpp"

namespace labtwin {
namespace {

Lab read(const std::string& parts, const catalog::Catalog& catalog) {
  const Document document = Document::from_text(
      "lab.toml",
      "[nodes.box]\nboard = \"msi-meg-b550-unify-x\"\ncpu = { cores = 8 }\nmemory = { size = \"64 GiB\" }\n" + parts);
  DiagnosticSink sink;
  TableReader root(document, sink);
  Lab lab = read_lab(root, catalog);
  root.finish();
  sink.throw_if_any();
  return lab;
}

std::string message_of(const std::string& parts) {
  try {
    static_cast<void>(read(parts, catalog::Catalog()));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(BoardSlots, APartGetsWhatSlotAndPartAgreeOn) {
  const catalog::Catalog catalog;
  const Lab lab =
      read("gpus.gpu0 = { part = \"rtx-3090\", slot = \"PCI_E1\" }\ngpus.gpu1 = { part = \"rtx-3090\", slot = \"PCI_E4\" }\n",
           catalog);
  EXPECT_EQ(lab.nodes[0].gpus[0].link.lanes, 16U);
  EXPECT_EQ(lab.nodes[0].gpus[1].link.lanes, 4U);
  EXPECT_EQ(lab.nodes[0].gpus[1].link.generation, 3U);
  const std::vector<Seat> seats = seats_of(lab.nodes[0], catalog);
  ASSERT_EQ(seats.size(), 2U);
  EXPECT_FALSE(seats[0].is_crippled());
  EXPECT_TRUE(seats[1].is_crippled());
  EXPECT_TRUE(seats[1].on_chipset);
}

TEST(BoardSlots, WhatHangsOnTheChipsetSharesItsUplink) {
  const catalog::Catalog catalog;
  const Lab lab =
      read("gpus.gpu1 = { part = \"rtx-3090\", slot = \"PCI_E4\" }\nnics.eth0 = { bandwidth = \"10 Gbit/s\" }\n", catalog);
  const topology::Topology graph = lab_topology(lab, catalog);
  ASSERT_TRUE(graph.find_link("box.uplink"));
  for (const char* part : {"box.gpu1", "box.eth0"}) {
    const auto route = topology::find_route(graph, graph.node(part), graph.node("box"));
    ASSERT_TRUE(route) << part;
    ASSERT_EQ(route->hops.size(), 2U) << part;
    EXPECT_EQ(route->hops[1].link, *graph.find_link("box.uplink")) << part;
  }
}

TEST(BoardSlots, ABridgeIsTheWayBetweenItsCards) {
  const catalog::Catalog catalog;
  const std::string cards =
      "gpus.gpu0 = { part = \"rtx-3090\", slot = \"PCI_E1\" }\ngpus.gpu1 = { part = \"rtx-3090\", slot = \"PCI_E4\" }\n";
  const topology::Topology apart = lab_topology(read(cards, catalog), catalog);
  EXPECT_EQ(topology::route(apart, apart.node("box.gpu0"), apart.node("box.gpu1")).hops.size(), 3U);
  const Lab lab = read(cards + "bridges = [{ between = [\"gpu0\", \"gpu1\"], link = \"nvlink3x4\" }]\n", catalog);
  const topology::Topology bridged = lab_topology(lab, catalog);
  const topology::Route route = topology::route(bridged, bridged.node("box.gpu0"), bridged.node("box.gpu1"));
  ASSERT_EQ(route.hops.size(), 1U);
  EXPECT_NEAR(bridged.link(route.hops[0].link).bandwidth.value(), 4 * 14.06e9, 1.0);
  EXPECT_EQ(link_resource(lab, bridged.link(route.hops[0].link).name), "nvlink gpu0-gpu1");
  EXPECT_EQ(topology::route(bridged, bridged.node("box.gpu0"), bridged.node("box")).hops.size(), 1U);
}

TEST(BoardSlots, WrongSlotsNameTheRightOnes) {
  const std::string form = message_of("gpus.gpu0 = { part = \"rtx-3090\", slot = \"M2_1\" }\n");
  EXPECT_NE(form.find("no cards"), std::string::npos) << form;
  EXPECT_NE(form.find("PCI_E1"), std::string::npos) << form;
  const std::string unknown = message_of("gpus.gpu0 = { part = \"rtx-3090\", slot = \"PCI_E9\" }\n");
  EXPECT_NE(unknown.find("no slot \"PCI_E9\""), std::string::npos) << unknown;
  const std::string twice = message_of(
      "gpus.gpu0 = { part = \"rtx-3090\", slot = \"PCI_E1\" }\ngpus.gpu1 = { part = \"rtx-3090\", slot = \"PCI_E1\" }\n");
  EXPECT_NE(twice.find("another part sits in PCI_E1"), std::string::npos) << twice;
  const std::string off = message_of(
      "gpus.gpu0 = { part = \"rtx-3090\", slot = \"PCI_E4\" }\ndrives.nvme0 = { part = \"samsung-980-pro-1tb\", slot = "
      "\"M2_4\" "
      "}\n");
  EXPECT_NE(off.find("PCI_E4 is off while a part sits in M2_4"), std::string::npos) << off;
  EXPECT_NE(off.find("PCI_E1"), std::string::npos) << off;
}

}  // namespace
}  // namespace labtwin
