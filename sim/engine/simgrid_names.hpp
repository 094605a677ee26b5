#pragma once

// SimGrid as this folder uses it, and the names that differ between 3.32 and its successors.

#include <simgrid/s4u.hpp>

#include <simgrid/version.h>
#include <simgrid/kernel/Timer.hpp>
#include <string>
#include <vector>

namespace labtwin::simgrid_names {

namespace sg4 = simgrid::s4u;
using simgrid::kernel::timer::Timer;

inline sg4::NetZone* make_full_zone(sg4::Engine& engine, const std::string& name) {
#if SIMGRID_VERSION >= 40000
  return engine.get_netzone_root()->add_netzone_full(name);
#else
  static_cast<void>(engine);
  return sg4::create_full_zone(name);
#endif
}

inline sg4::Host* make_host(sg4::NetZone& zone, const std::string& name, double flops_per_second) {
#if SIMGRID_VERSION >= 40000
  return zone.add_host(name, flops_per_second);
#else
  return zone.create_host(name, flops_per_second);
#endif
}

inline sg4::Link* make_link(sg4::NetZone& zone, const std::string& name, double bytes_per_second) {
#if SIMGRID_VERSION >= 40000
  return zone.add_link(name, bytes_per_second);
#else
  return zone.create_link(name, bytes_per_second);
#endif
}

inline sg4::SplitDuplexLink* make_split_duplex_link(sg4::NetZone& zone, const std::string& name, double bytes_per_second) {
#if SIMGRID_VERSION >= 40000
  return zone.add_split_duplex_link(name, bytes_per_second);
#else
  return zone.create_split_duplex_link(name, bytes_per_second);
#endif
}

inline void add_one_way_route(sg4::NetZone& zone, sg4::Host& from, sg4::Host& to, const std::vector<sg4::LinkInRoute>& links) {
#if SIMGRID_VERSION >= 33500
  zone.add_route(&from, &to, links, false);
#else
  zone.add_route(from.get_netpoint(), to.get_netpoint(), nullptr, nullptr, links, false);
#endif
}

template <class Callback>
void on_comm_completion(const Callback& callback) {
#if SIMGRID_VERSION >= 33400
  sg4::Comm::on_completion_cb([callback](const sg4::Comm& comm) { callback(static_cast<const sg4::Activity&>(comm)); });
#else
  sg4::Activity::on_completion_cb(callback);
#endif
}

}  // namespace labtwin::simgrid_names
