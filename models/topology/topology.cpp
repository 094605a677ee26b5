#include "models/topology/topology.hpp"

#include <algorithm>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::topology {
namespace {

[[noreturn]] void refuse(const std::string& key, std::string rule) {
  Diagnostic diagnostic;
  diagnostic.key = key;
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

}  // namespace

std::optional<LaneId> find_lane(Sharing sharing, const Hop& hop) noexcept {
  switch (sharing) {
    case Sharing::Shared:
      return 2 * hop.link;
    case Sharing::FullDuplex:
      return 2 * hop.link + (hop.forward ? 0U : 1U);
    case Sharing::Cap:
      return std::nullopt;
  }
  return std::nullopt;
}

NodeId Topology::add_node(std::string name) {
  if (find_node(name)) refuse(name, "a node of this name exists already");
  nodes_.push_back(std::move(name));
  return static_cast<NodeId>(nodes_.size() - 1);
}

LinkId Topology::add_link(Link link) {
  if (find_link(link.name)) refuse(link.name, "a link of this name exists already");
  if (link.from >= nodes_.size() || link.to >= nodes_.size()) refuse(link.name, "must join two nodes that exist");
  if (!(link.bandwidth > BytesPerSecond{})) refuse(link.name + ".bandwidth", "must be > 0 B/s");
  if (!(link.latency > Seconds{})) refuse(link.name + ".latency", "must be > 0 s");
  links_.push_back(std::move(link));
  return static_cast<LinkId>(links_.size() - 1);
}

std::optional<NodeId> Topology::find_node(std::string_view name) const noexcept {
  const auto place = std::find(nodes_.begin(), nodes_.end(), name);
  if (place == nodes_.end()) return std::nullopt;
  return static_cast<NodeId>(place - nodes_.begin());
}

std::optional<LinkId> Topology::find_link(std::string_view name) const noexcept {
  const auto place = std::find_if(links_.begin(), links_.end(), [&](const Link& link) { return link.name == name; });
  if (place == links_.end()) return std::nullopt;
  return static_cast<LinkId>(place - links_.begin());
}

NodeId Topology::node(std::string_view name) const {
  const std::optional<NodeId> id = find_node(name);
  if (!id) refuse(std::string(name), "there is no such node");
  return *id;
}

}  // namespace labtwin::topology
