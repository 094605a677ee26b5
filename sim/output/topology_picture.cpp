#include <algorithm>
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

}  // namespace

std::string topology_svg(const Topology& topology) {
  const Layout layout(topology);
  Svg picture(layout.size());
  for (const Link& link : topology.links()) {
    const Point from = layout.center(link.from);
    const Point to = layout.center(link.to);
    picture.line(from, to, {.color = color_of(link.sharing), .width = 2.0, .dashed = link.sharing == Sharing::Cap});
  }
  for (NodeId node = 0; node < topology.nodes().size(); ++node) {
    const Point center = layout.center(node);
    const std::string& name = topology.node_name(node);
    picture.rectangle({center.x - kBoxWidth / 2.0, center.y - kBoxHeight / 2.0}, {kBoxWidth, kBoxHeight}, "#e8edf2", name);
    picture.text({center.x, center.y + 4.0}, name, {.anchor = Anchor::Middle});
  }
  for (const Link& link : topology.links()) {
    const Point from = layout.center(link.from);
    const Point to = layout.center(link.to);
    picture.text({(from.x + to.x) / 2.0, (from.y + to.y) / 2.0 - 4.0}, rate_text(link.bandwidth.value()),
                 {.size = 11.0, .anchor = Anchor::Middle, .color = color_of(link.sharing)});
  }
  return picture.document();
}

}  // namespace labtwin::output
