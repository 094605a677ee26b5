#pragma once

// Who gets how much of links that several streams cross at once.

#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "models/base/units.hpp"
#include "models/topology/topology.hpp"

namespace labtwin::topology {

/// A lane that a stream crosses, and how often each of its bytes does.
struct LaneUse {
  LaneId lane = 0;
  double crossings = 1.0;
};

/// The lanes of a route, each once.
[[nodiscard]] std::vector<LaneUse> lanes_of(const Topology& topology, const Route& route);
/// Adds lanes to others, each once; `times` of each byte cross them.
void add_lanes(std::vector<LaneUse>& lanes, const std::vector<LaneUse>& more, double times = 1.0);

/// A stream: the lanes it crosses, and what it would take of them at most.
struct StreamDemand {
  std::vector<LaneUse> lanes{};
  BytesPerSecond cap = BytesPerSecond::from_base(std::numeric_limits<double>::infinity());
};

/// What a stream gets, and the lane that keeps it from more; nothing where its cap does.
struct FairRate {
  BytesPerSecond rate;
  std::optional<LaneId> bottleneck{};
};

/// Law:    max-min fairness: all rates grow alike until a lane is full or a cap is reached, the streams there stay, the others
///         go on
/// Inputs: capacity by lane, > 0; demands with a finite cap or a lane
/// Valid:  streams of large transfers, which a fabric serves in turns
/// Source: progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2); the same rule by which the engine shares links
/// Error:  exact
[[nodiscard]] std::vector<FairRate> fair_rates(std::span<const BytesPerSecond> capacities,
                                               std::span<const StreamDemand* const> demands);

}  // namespace labtwin::topology
