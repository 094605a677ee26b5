#include "sim/output/topology_report.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "models/base/document.hpp"
#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/lab_topology.hpp"

namespace labtwin::output {
namespace {

constexpr const char* kLab = R"(
title = "Two nodes and a switch"
[nodes.box]
cpu = { cores = 8 }
memory = { size = "64 GiB", bandwidth = "80 GB/s" }
[nodes.box.nics.eth0]
bandwidth = "2.5 Gbit/s"
latency = "20 us"
[nodes.nas]
cpu = { cores = 4 }
memory = { size = "16 GiB", bandwidth = "30 GB/s" }
[nodes.nas.nics.eth0]
bandwidth = "10 Gbit/s"
[nodes.pi]
cpu = { cores = 4 }
memory = { size = "8 GiB", bandwidth = "10 GB/s" }
[nodes.pi.nics.eth0]
bandwidth = "1 Gbit/s"
[switches.desk]
bandwidth = "10 Gbit/s"
latency = "3 us"
[[cables]]
between = ["box.eth0", "desk"]
[[cables]]
between = ["nas.eth0", "desk"]
[[cables]]
between = ["pi.eth0", "desk"]
)";

TopologyReport report_on_lab() {
  const catalog::Catalog catalog;
  const Document document = Document::from_text("lab.toml", kLab);
  DiagnosticSink sink;
  TableReader root(document, sink);
  const Lab lab = read_lab(root, catalog);
  root.finish();
  sink.throw_if_any();
  return report_on(lab_topology(lab, catalog));
}

TEST(TopologyReport, FindsTheNarrowestLinkOfEveryWay) {
  const TopologyReport report = report_on_lab();
  ASSERT_EQ(report.routes.size(), 3U);  // the memories of three nodes, pairwise
  const RouteReport& route = report.routes[0];
  EXPECT_EQ(report.topology.node_name(route.route.from), "box.memory");
  EXPECT_EQ(report.topology.node_name(route.route.to), "nas.memory");
  EXPECT_DOUBLE_EQ(route.bandwidth.value(), 2.5e9 / 8.0);
  EXPECT_EQ(report.topology.link(route.bottleneck).name, "box.eth0");
  ASSERT_TRUE(route.cut);
  EXPECT_DOUBLE_EQ(route.cut->bandwidth.value(), 2.5e9 / 8.0);
  // Two memories, two cards (the second's own latency is not given) and twice the switch.
  EXPECT_NEAR(route.latency.value(), 2 * 1e-7 + 20e-6 + 1e-9 + 2 * 3e-6, 1e-12);
}

TEST(TopologyReport, NamesWhereRoutesCompeteAndWhatMayNotDie) {
  const TopologyReport report = report_on_lab();
  const nlohmann::json json = nlohmann::json::parse(topology_json(report));
  EXPECT_EQ(json["articulation_points"], nlohmann::json({"box", "box.eth0", "nas", "nas.eth0", "pi", "pi.eth0", "desk"}));
  bool is_found = false;
  for (const auto& contended : json["contended"]) {
    if (contended["link"] != "box.eth0") continue;
    is_found = true;
    EXPECT_EQ(contended["routes"], nlohmann::json({0, 1}));
  }
  EXPECT_TRUE(is_found);
}

TEST(TopologyReport, ShowsEveryLinkInTextAndPicture) {
  const TopologyReport report = report_on_lab();
  const std::string text = topology_text(report);
  const std::string picture = topology_svg(report.topology);
  for (const auto& link : report.topology.links()) EXPECT_NE(text.find(link.name), std::string::npos) << link.name;
  for (const std::string& node : report.topology.nodes()) EXPECT_NE(picture.find(node), std::string::npos) << node;
  EXPECT_EQ(picture.rfind("<svg", 0), 0U);
}

}  // namespace
}  // namespace labtwin::output
