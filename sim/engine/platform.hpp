#pragma once

#include <cstddef>
#include <vector>

#include "models/topology/topology.hpp"
#include "sim/engine/simgrid_names.hpp"

namespace labtwin {

/// The topology as SimGrid sees it: its links, and one zone of hosts that stand for nothing. SimGrid ties one route to a pair
/// of hosts, whereas here any number of routes may join two nodes (a read that is copied once more crosses DRAM twice), so
/// each route in use is given a pair of its own. SimGrid does not bound flows that no actor starts, so those that have a bound
/// cross a link more that nobody else crosses meanwhile.
class Platform {
 public:
  /// A route that SimGrid knows.
  struct Path {
    simgrid_names::sg4::Host* from = nullptr;
    simgrid_names::sg4::Host* to = nullptr;
  };

  Platform(simgrid_names::sg4::Engine& engine, const topology::Topology& topology);

  /// How many flows may have a bound at a time.
  static constexpr std::size_t kNumCaps = 48;

  [[nodiscard]] Path add_path(const std::vector<topology::Hop>& hops);
  /// The same over a cap as well.
  [[nodiscard]] Path add_path(const std::vector<topology::Hop>& hops, std::size_t cap);
  /// No flow is on it.
  void set_cap(std::size_t cap, BytesPerSecond bound);
  void set_bandwidth(topology::LinkId link, BytesPerSecond bandwidth);
  /// Flows over a link that is turned off fail at that date.
  void turn(topology::LinkId link, bool on);

 private:
  using Host = simgrid_names::sg4::Host;
  using Link = simgrid_names::sg4::Link;
  /// The SimGrid links that a lab link consists of: one, or one per direction.
  struct LinkParts {
    const Link* in_route = nullptr;
    std::vector<Link*> parts;
  };

  [[nodiscard]] std::vector<simgrid_names::sg4::LinkInRoute> links_of(const std::vector<topology::Hop>& hops) const;
  [[nodiscard]] Path add_path_over(const std::vector<simgrid_names::sg4::LinkInRoute>& links);
  [[nodiscard]] LinkParts make_link(const topology::Link& link);
  [[nodiscard]] Path next_pair();

  simgrid_names::sg4::NetZone* zone_;
  std::vector<topology::Sharing> sharing_;
  std::vector<LinkParts> links_;
  std::vector<Link*> caps_;
  std::vector<Host*> hosts_;
  std::size_t num_pairs_used_ = 0;
};

}  // namespace labtwin
