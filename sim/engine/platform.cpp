#include "sim/engine/platform.hpp"

#include <string>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

namespace sg4 = simgrid_names::sg4;
using topology::Sharing;

/// Pairs of these are how many different routes there can be: 4,032.
constexpr std::size_t kNumHosts = 64;

}  // namespace

Platform::Platform(sg4::Engine& engine, const topology::Topology& topology)
    : zone_(simgrid_names::make_full_zone(engine, "lab")) {
  // Without links nothing is transferred; SimGrid still wants one host to run.
  const std::size_t num_hosts = topology.links().empty() ? 1 : kNumHosts;
  for (std::size_t i = 0; i < num_hosts; ++i) hosts_.push_back(simgrid_names::make_host(*zone_, std::to_string(i), 1.0));
  for (const topology::Link& link : topology.links()) {
    sharing_.push_back(link.sharing);
    links_.push_back(make_link(link));
  }
  for (std::size_t i = 0; i < kNumCaps && !topology.links().empty(); ++i) {
    sg4::Link* cap = simgrid_names::make_link(*zone_, "cap " + std::to_string(i), 1.0);
    cap->set_latency(0.0)->set_sharing_policy(sg4::Link::SharingPolicy::FATPIPE)->seal();
    caps_.push_back(cap);
  }
  zone_->seal();
}

Platform::LinkParts Platform::make_link(const topology::Link& link) {
  const double bandwidth = link.bandwidth.value();
  const double latency = link.latency.value();
  if (link.sharing == Sharing::FullDuplex) {
    sg4::SplitDuplexLink* both = simgrid_names::make_split_duplex_link(*zone_, link.name, bandwidth);
    both->set_latency(latency)->seal();
    return {.in_route = both, .parts = {both->get_link_up(), both->get_link_down()}};
  }
  sg4::Link* one = simgrid_names::make_link(*zone_, link.name, bandwidth);
  one->set_latency(latency);
  if (link.sharing == Sharing::Cap) one->set_sharing_policy(sg4::Link::SharingPolicy::FATPIPE);
  one->seal();
  return {.in_route = one, .parts = {one}};
}

std::vector<sg4::LinkInRoute> Platform::links_of(const std::vector<topology::Hop>& hops) const {
  std::vector<sg4::LinkInRoute> links;
  for (const topology::Hop& hop : hops) {
    using Direction = sg4::LinkInRoute::Direction;
    const Link* link = links_.at(hop.link).in_route;
    if (sharing_[hop.link] == Sharing::FullDuplex) {
      links.emplace_back(link, hop.forward ? Direction::UP : Direction::DOWN);
    } else {
      links.emplace_back(link);
    }
  }
  return links;
}

Platform::Path Platform::add_path(const std::vector<topology::Hop>& hops) {
  return add_path_over(links_of(hops));
}

Platform::Path Platform::add_path(const std::vector<topology::Hop>& hops, std::size_t cap) {
  std::vector<sg4::LinkInRoute> links = links_of(hops);
  links.emplace_back(caps_.at(cap));
  return add_path_over(links);
}

Platform::Path Platform::add_path_over(const std::vector<sg4::LinkInRoute>& links) {
  const Path path = next_pair();
  simgrid_names::add_one_way_route(*zone_, *path.from, *path.to, links);
  return path;
}

Platform::Path Platform::next_pair() {
  const std::size_t num_others = hosts_.size() - 1;
  LABTWIN_CHECK(num_pairs_used_ < hosts_.size() * num_others, "too many different routes");
  const std::size_t from = num_pairs_used_ / num_others;
  const std::size_t other = num_pairs_used_ % num_others;
  ++num_pairs_used_;
  return {.from = hosts_[from], .to = hosts_[other < from ? other : other + 1]};
}

void Platform::set_bandwidth(topology::LinkId link, BytesPerSecond bandwidth) {
  for (Link* part : links_.at(link).parts) part->set_bandwidth(bandwidth.value());
}

void Platform::set_cap(std::size_t cap, BytesPerSecond bound) {
  caps_.at(cap)->set_bandwidth(bound.value());
}

void Platform::turn(topology::LinkId link, bool on) {
  for (Link* part : links_.at(link).parts) {
    if (on) {
      part->turn_on();
    } else {
      part->turn_off();
    }
  }
}

}  // namespace labtwin
