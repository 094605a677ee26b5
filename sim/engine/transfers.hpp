#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/base/occupancy.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/engine/kernel.hpp"
#include "sim/engine/platform.hpp"
#include "sim/engine/transfer.hpp"

namespace labtwin {

/// A link as a route uses it.
struct LinkUse {
  topology::LinkId link = 0;
  std::optional<topology::LaneId> lane;  ///< nothing for a cap, which is not consumed
  double num_crossings = 1.0;
};

/// A route in use.
struct RouteUse {
  Platform::Path path;
  const std::vector<topology::Hop>* hops = nullptr;
  std::vector<LinkUse> links;             ///< each lane once
  std::vector<topology::LinkId> crossed;  ///< each link as often as it is crossed
};

/// Carries bytes over routes: every transfer is a SimGrid flow that is started from the kernel's timer and reports its end at
/// its date, with no actor behind it. The links are shared by SimGrid (max-min fairness); here is who may flow, since the cost
/// of a flow grows with the number on its links, and who owes whom how much time.
class Transfers {
 public:
  Transfers(SimgridKernel& kernel, EventQueue& queue, const topology::Topology& topology, std::size_t max_flows_per_link);

  [[nodiscard]] EventQueue& queue() const noexcept { return *queue_; }
  [[nodiscard]] const RouteUse& use(const topology::Route& route);
  /// On the busiest link of the route.
  [[nodiscard]] std::size_t num_flows(const topology::Route& route) const noexcept;
  void submit(Transfer& transfer);
  /// Gives up a transfer that is being destroyed.
  void withdraw(Transfer& transfer);
  /// Takes an arrived transfer off its links.
  void finish(Transfer& transfer);

  void set_bandwidth(topology::LinkId link, BytesPerSecond bandwidth);
  void set_link_on(topology::LinkId link, bool on);

  [[nodiscard]] bool is_any_flowing() const noexcept { return !flows_.empty() || is_launch_pending(); }
  /// Whether a flow is to start, but SimGrid's clock is behind: then `launch` is to be called at this date of its clock.
  [[nodiscard]] bool is_launch_pending() const noexcept { return !launching_.empty(); }
  void launch();
  /// From here on nothing is started any more, as the run is being torn down.
  void close() noexcept { is_closed_ = true; }

 private:
  using Activity = simgrid_names::sg4::Activity;
  using Comm = simgrid_names::sg4::CommPtr;
  struct Flow {
    Comm comm;
    Transfer* transfer = nullptr;
    std::optional<std::size_t> cap{};  ///< what bounds it
  };
  struct HopsBefore {
    bool operator()(const std::vector<topology::Hop>& a, const std::vector<topology::Hop>& b) const;
  };
  /// A direction of a link, or a link whose directions share it.
  struct Lane {
    std::map<std::uint64_t, Transfer*> waiting;  ///< by sequence
    std::size_t num_flows = 0;
    double num_crossings = 0.0;
    double demand = 0.0;  ///< integral of crossings / bandwidth
    Seconds last_change;
    Occupancy occupancy;
  };
  struct LinkState {
    BytesPerSecond bandwidth;
    Seconds latency;
    bool is_on = true;
  };

  [[nodiscard]] bool is_route_on(const RouteUse& use) const noexcept;
  [[nodiscard]] bool may_start(const Transfer& transfer) const noexcept;
  void start(Transfer& transfer);
  void launch(Transfer& transfer);
  /// The way of a flow over a cap of its own.
  [[nodiscard]] const Platform::Path& bounded_path(const RouteUse& use, std::size_t cap);
  void stop_flow(Transfer& transfer);
  Comm take_flow(Transfer& transfer);
  void start_waiting(const RouteUse& use);
  void leave_queues(Transfer& transfer) noexcept;
  void leave_links(Transfer& transfer) noexcept;
  void end(Transfer& transfer, Outcome outcome);
  void on_completion(const Activity& activity);
  /// SimGrid refers to a flow until time has moved on.
  void keep_until_later(Comm comm);

  void advance(topology::LaneId lane);
  [[nodiscard]] Seconds uncontended(const Transfer& transfer) const;
  void take_snapshot(Transfer& transfer);
  [[nodiscard]] const LinkUse* most_demanded(const Transfer& transfer, Seconds since, bool with_caps) const;
  void charge(Transfer& transfer, DelayKind kind, Seconds duration, Seconds since);

  SimgridKernel* kernel_;
  EventQueue* queue_;
  Platform platform_;
  std::size_t max_flows_per_link_;
  std::vector<LinkState> links_;
  std::vector<Lane> lanes_;
  std::vector<topology::Sharing> sharing_;
  std::map<std::vector<topology::Hop>, RouteUse, HopsBefore> uses_;
  std::vector<std::size_t> free_caps_;
  std::map<std::pair<const RouteUse*, std::size_t>, Platform::Path> bounded_paths_;  ///< looked up only
  std::vector<Flow> flows_;                          ///< in no order; a transfer knows its place
  std::vector<Transfer::Snapshot> spare_snapshots_;  ///< of transfers that have ended, for their memory
  std::vector<Transfer*> launching_;
  std::vector<Comm> kept_;
  double kept_since_ = 0.0;
  bool is_closed_ = false;
};

}  // namespace labtwin
