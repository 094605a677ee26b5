#include "models/topology/fair_rates.hpp"

#include <algorithm>

#include "models/base/error.hpp"

namespace labtwin::topology {
namespace {

// Rates that differ by less are one.
constexpr double kSame = 1.0 + 1e-12;

/// One run of progressive filling.
class Filling {
 public:
  Filling(std::span<const BytesPerSecond> capacities, std::span<const StreamDemand* const> demands)
      : capacities_(capacities),
        demands_(demands),
        taken_(capacities.size(), 0.0),
        growing_(capacities.size(), 0.0),
        rates_(demands.size()),
        is_done_(demands.size(), false) {
    for (const StreamDemand* demand : demands) {
      for (const LaneUse& use : demand->lanes) growing_.at(use.lane) += use.crossings;
    }
  }

  std::vector<FairRate> run() {
    while (true) {
      const double level = next_level();
      if (level == std::numeric_limits<double>::infinity()) return std::move(rates_);
      settle_at(level);
    }
  }

 private:
  /// At which a lane is full for those who still grow.
  [[nodiscard]] double level_of(LaneId lane) const {
    return std::max(0.0, capacities_[lane].value() - taken_[lane]) / growing_[lane];
  }

  /// What stops one stream: its cap or the first of its lanes to be full.
  [[nodiscard]] double limit_of(const StreamDemand& demand, std::optional<LaneId>& bottleneck) const {
    double limit = demand.cap.value();
    for (const LaneUse& use : demand.lanes) {
      const double level = level_of(use.lane);
      if (level * kSame >= limit) continue;
      limit = level;
      bottleneck = use.lane;
    }
    return limit;
  }

  [[nodiscard]] double next_level() const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      if (is_done_[i]) continue;
      std::optional<LaneId> bottleneck;
      const double limit = limit_of(*demands_[i], bottleneck);
      LABTWIN_CHECK(limit < std::numeric_limits<double>::infinity(), "a stream that nothing limits");
      least = std::min(least, limit);
    }
    return least;
  }

  void settle_at(double level) {
    std::vector<std::size_t> settled;
    for (std::size_t i = 0; i < demands_.size(); ++i) {
      if (is_done_[i]) continue;
      std::optional<LaneId> bottleneck;
      if (limit_of(*demands_[i], bottleneck) > level * kSame) continue;
      rates_[i] = {BytesPerSecond::from_base(level), bottleneck};
      settled.push_back(i);
    }
    for (const std::size_t i : settled) {
      is_done_[i] = true;
      for (const LaneUse& use : demands_[i]->lanes) {
        taken_[use.lane] += use.crossings * level;
        growing_[use.lane] -= use.crossings;
      }
    }
  }

  std::span<const BytesPerSecond> capacities_;
  std::span<const StreamDemand* const> demands_;
  std::vector<double> taken_;    ///< by those who have their rate
  std::vector<double> growing_;  ///< crossings of the others
  std::vector<FairRate> rates_;
  std::vector<bool> is_done_;
};

}  // namespace

void add_lanes(std::vector<LaneUse>& lanes, const std::vector<LaneUse>& more, double times) {
  for (const LaneUse& use : more) {
    const auto same = std::find_if(lanes.begin(), lanes.end(), [&](const LaneUse& one) { return one.lane == use.lane; });
    if (same == lanes.end()) {
      lanes.push_back({use.lane, times * use.crossings});
    } else {
      same->crossings += times * use.crossings;
    }
  }
}

std::vector<LaneUse> lanes_of(const Topology& topology, const Route& route) {
  std::vector<LaneUse> lanes;
  for (const Hop& hop : route.hops) {
    if (const auto lane = find_lane(topology.link(hop.link).sharing, hop)) add_lanes(lanes, {{*lane, 1.0}});
  }
  return lanes;
}

std::vector<FairRate> fair_rates(std::span<const BytesPerSecond> capacities, std::span<const StreamDemand* const> demands) {
  return Filling(capacities, demands).run();
}

}  // namespace labtwin::topology
