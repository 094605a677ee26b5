#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "models/base/device.hpp"
#include "models/topology/fair_rates.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin::service {

/// The links inside the machines of a lab: PCIe slots, uplinks of chipsets, memory. Streams cross them for minutes and are
/// shared max-min; whoever has one is told when its rate changes. Messages between machines are the engine's transfers.
/// Single I/Os of drives meet streams, which do not feel them. Left out: that I/Os meet each other, and what packets of one
/// link do to the latency of another's.
class Bus {
 public:
  class Stream;
  class Copy;
  class Crossing;

  /// Who holds a stream up: a share of what others move over the lane that is narrowest for it.
  struct Culprit {
    OwnerId owner = 0;
    double share = 0.0;
  };

  /// `resources`: by link of the tree, what it is called where somebody waits for it.
  Bus(Engine& engine, const topology::Topology& tree, std::vector<ResourceId> resources);
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// A process: so many bytes cross these lanes.
  Task<> copy(topology::StreamDemand demand, Bytes bytes, OwnerId owner);

  [[nodiscard]] const topology::Topology& tree() const noexcept { return *tree_; }
  [[nodiscard]] ResourceId resource(topology::LaneId lane) const { return resources_.at(lane / 2); }
  [[nodiscard]] ResourceId resource_of_link(topology::LinkId link) const { return resources_.at(link); }
  /// So far, in the busier direction of a link: bytes over bytes at full rate, in seconds.
  [[nodiscard]] Seconds busy_time(topology::LinkId link);
  [[nodiscard]] Bytes moved(topology::LaneId lane);
  /// Integral of the number of streams that a link keeps from what they would take.
  [[nodiscard]] Seconds waiting_time(topology::LinkId link);

 private:
  struct Lane {
    double rate = 0.0;   ///< crossings now, B/s
    double held = 0.0;   ///< streams that it is the bottleneck of
    double moved = 0.0;  ///< bytes
    double waiting = 0.0;
  };

  void advance();
  /// Shares the lanes anew and tells whose rate has changed.
  void settle();
  void solve();
  [[nodiscard]] BytesPerSecond alone(const std::vector<topology::LaneUse>& lanes) const;
  [[nodiscard]] std::vector<Culprit> culprits(const Stream& stream) const;
  [[nodiscard]] std::vector<Culprit> culprits_on(topology::LaneId lane, const Stream* beside) const;

  Engine* engine_;
  const topology::Topology* tree_;
  std::vector<ResourceId> resources_;
  std::vector<BytesPerSecond> capacities_;  ///< by lane
  std::vector<Lane> lanes_;
  std::vector<Stream*> streams_;
  std::vector<const topology::StreamDemand*> demands_;  ///< of the streams, for the solver
  std::uint64_t num_solved_ = 0;
  Seconds advanced_to_;
  bool is_settling_ = false;
  bool is_unsettled_ = false;
};

/// Somebody's way over the bus, for as long as this lives.
class Bus::Stream {
 public:
  /// `on_change` is called when the rate of one of the two ways to move has changed, not from within the constructor.
  Stream(Bus& bus, topology::StreamDemand demand, OwnerId owner, std::function<void()> on_change);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// What it would take at most; 0: nothing now.
  void set_cap(BytesPerSecond cap);
  /// It moves in turns, in each as much as the links give, and `average` over time.
  void set_turns(BytesPerSecond average);

  /// Over time.
  [[nodiscard]] BytesPerSecond rate() const noexcept { return fair_.rate; }
  /// Whether links keep it from its cap.
  [[nodiscard]] bool is_held() const noexcept { return fair_.bottleneck.has_value(); }
  /// While it has its turn: of what the links would give it alone, the share that others leave.
  [[nodiscard]] double turn_share() const noexcept { return turn_.rate / alone_; }
  /// The lane that is narrowest for its turns.
  [[nodiscard]] std::optional<topology::LaneId> turn_bottleneck() const noexcept { return turn_.bottleneck; }
  /// Who else is on the lane that holds it up, or that is narrowest for its turns where it has them.
  [[nodiscard]] std::vector<Culprit> culprits() const { return bus_->culprits(*this); }
  /// Bytes so far.
  [[nodiscard]] Bytes moved();

 private:
  friend class Bus;

  Bus* bus_;
  topology::StreamDemand demand_;
  OwnerId owner_;
  std::function<void()> on_change_;
  bool has_turns_ = false;
  BytesPerSecond alone_;  ///< that the links give when nobody else is there
  topology::FairRate fair_;
  topology::FairRate turn_;
  double moved_ = 0.0;
  bool has_changed_ = false;
};

/// A way that many short messages take. Each gets the share that a stream would, and takes nothing from those that are there.
class Bus::Crossing {
 public:
  Crossing(Bus& bus, std::vector<topology::LaneUse> lanes);

  /// What so many bytes take beyond what they take alone; nothing while nobody moves.
  [[nodiscard]] Seconds lateness(Bytes bytes);
  /// Who is on the lane that is narrowest now.
  [[nodiscard]] std::vector<Culprit> culprits() const;

 private:
  void look();

  Bus* bus_;
  topology::StreamDemand demand_;
  BytesPerSecond alone_;
  topology::FairRate now_;
  std::uint64_t seen_ = 0;  ///< which solution of the bus `now_` is of
};

/// So many bytes on their way.
class Bus::Copy {
 public:
  Copy(Engine& engine, Bus& bus, topology::StreamDemand demand, Bytes bytes, OwnerId owner);

  [[nodiscard]] Trigger<>& done() noexcept { return done_; }
  [[nodiscard]] Bytes moved() { return stream_.moved(); }
  [[nodiscard]] std::vector<Culprit> culprits() const { return stream_.culprits(); }

 private:
  void arm();
  void end();

  Engine* engine_;
  Bytes left_;
  BytesPerSecond rate_;
  Seconds noted_at_;
  Trigger<> done_;
  Alarm alarm_;
  Stream stream_;
};

}  // namespace labtwin::service
