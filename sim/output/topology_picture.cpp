#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/output/number_text.hpp"
#include "sim/output/svg.hpp"
#include "sim/output/topology_report.hpp"

namespace labtwin::output {
namespace {

using topology::Link;
using topology::NodeId;
using topology::Sharing;
using topology::Topology;

constexpr double kRowHeight = 46.0;
constexpr double kBoxHeight = 26.0;
constexpr double kBoxWidth = 150.0;
constexpr double kColumnWidth = 270.0;
constexpr double kMargin = 24.0;

/// Column and row of every node: a tree laid out from the left, a leaf per row, a parent at the height of its middle child.
class Layout {
 public:
  explicit Layout(const Topology& lab) : lab_(&lab), places_(lab.nodes().size()), is_placed_(lab.nodes().size(), false) {
    for (NodeId node = 0; node < lab.nodes().size(); ++node) {
      if (!is_placed_[node]) place(node, 0);
    }
  }
  [[nodiscard]] Point center(NodeId node) const {
    return {kMargin + kBoxWidth / 2.0 + places_[node].x * kColumnWidth, kMargin + kRowHeight * (places_[node].y + 0.5)};
  }
  [[nodiscard]] Size size() const {
    return {2.0 * kMargin + kBoxWidth + num_columns_ * kColumnWidth, 2.0 * kMargin + kRowHeight * num_rows_};
  }

 private:
  double place(NodeId node, int column) {
    is_placed_[node] = true;
    num_columns_ = std::max(num_columns_, static_cast<double>(column));
    std::vector<double> rows;
    for (const Link& link : lab_->links()) {
      if (link.from != node && link.to != node) continue;
      const NodeId other = link.from == node ? link.to : link.from;
      if (!is_placed_[other]) rows.push_back(place(other, column + 1));
    }
    const double row = rows.empty() ? num_rows_++ : (rows.front() + rows.back()) / 2.0;
    places_[node] = {static_cast<double>(column), row};
    return row;
  }

  const Topology* lab_;
  std::vector<Point> places_;
  std::vector<bool> is_placed_;
  double num_rows_ = 0.0;
  double num_columns_ = 0.0;
};

std::string_view color_of(Sharing sharing) {
  switch (sharing) {
    case Sharing::Shared:
      return "#b04a2f";
    case Sharing::FullDuplex:
      return "#2f6db0";
    case Sharing::Cap:
      return "#888888";
  }
  return "#222222";
}

/// From idle to busy.
std::string_view heat_of(double busy) {
  if (busy < 0.05) return "#9fb3c8";
  if (busy < 0.25) return "#e0b040";
  return busy < 0.6 ? "#e07b2a" : "#c0281c";
}

/// How a link looks, and what stands beside it.
struct LinkLook {
  LineStyle line;
  std::string label;
};

LinkLook look_of(const Link& link, std::optional<double> busy) {
  LinkLook look{.line = {.color = color_of(link.sharing), .width = 2.0, .dashed = link.sharing == Sharing::Cap},
                .label = rate_text(link.bandwidth.value())};
  if (!busy) return look;
  look.line.color = heat_of(*busy);
  look.line.width = 2.0 + 4.0 * std::min(1.0, *busy);
  look.label += fmt::format(", {:.0f} % busy", 100.0 * *busy);
  return look;
}

}  // namespace

std::string topology_svg(const Topology& topology, const std::map<topology::LinkId, double>& busy) {
  std::vector<LinkLook> looks;
  for (topology::LinkId id = 0; id < topology.links().size(); ++id) {
    const auto found = busy.find(id);
    looks.push_back(look_of(topology.link(id), found == busy.end() ? std::nullopt : std::optional(found->second)));
  }
  const Layout layout(topology);
  Svg picture(layout.size());
  for (topology::LinkId id = 0; id < looks.size(); ++id) {
    picture.line(layout.center(topology.link(id).from), layout.center(topology.link(id).to), looks[id].line);
  }
  for (NodeId node = 0; node < topology.nodes().size(); ++node) {
    const Point center = layout.center(node);
    const std::string& name = topology.node_name(node);
    picture.rectangle({center.x - kBoxWidth / 2.0, center.y - kBoxHeight / 2.0}, {kBoxWidth, kBoxHeight}, "#e8edf2", name);
    picture.text({center.x, center.y + 4.0}, name, {.anchor = Anchor::Middle});
  }
  for (topology::LinkId id = 0; id < looks.size(); ++id) {
    const Point from = layout.center(topology.link(id).from);
    const Point to = layout.center(topology.link(id).to);
    picture.text({(from.x + to.x) / 2.0, (from.y + to.y) / 2.0 - 4.0}, looks[id].label,
                 {.size = 11.0, .anchor = Anchor::Middle, .color = looks[id].line.color, .halo = true});
  }
  return picture.document();
}

}  // namespace labtwin::output
