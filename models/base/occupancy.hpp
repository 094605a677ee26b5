#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/units.hpp"

namespace labtwin {

/// Who occupied a resource over time: for every owner the integral of (pieces of its work in the resource) x weight. What a
/// request waited for is the difference between two moments, so naming the culprits of a wait costs nothing per neighbour.
class Occupancy {
 public:
  /// Moments are compared with each other only.
  using Moment = std::vector<double>;

  /// Time has passed up to `now` with the present occupants. The weight is what one occupant costs others per second.
  void advance(Seconds now, double weight = 1.0) noexcept {
    const double increment = weight * (now - last_).value();
    last_ = now;
    if (increment == 0.0) return;
    weight_integral_ += increment;
    for (std::size_t owner = 0; owner < counts_.size(); ++owner) integrals_[owner] += counts_[owner] * increment;
  }

  /// Call `advance` first: changes count from there on.
  void enter(OwnerId owner) {
    if (owner >= counts_.size()) {
      counts_.resize(owner + std::size_t{1}, 0.0);
      integrals_.resize(owner + std::size_t{1}, 0.0);
    }
    counts_[owner] += 1.0;
  }
  void leave(OwnerId owner) noexcept { counts_[owner] -= 1.0; }

  [[nodiscard]] const Moment& moment() const noexcept { return integrals_; }
  /// The integral of the weight alone: what one occupant that was there all the time contributed.
  [[nodiscard]] double weight_integral() const noexcept { return weight_integral_; }

  /// Splits a duration among the owners in proportion to what they occupied since `from`, and appends the parts, which sum to
  /// the duration. `own_part` of the integral is `self`'s own work and not charged. If nobody occupied anything, the asker is
  /// charged.
  void charge(Causes& causes, DelayKind kind, Seconds duration, const Moment& from, OwnerId self, double own_part = 0.0) const {
    if (duration <= Seconds{}) return;
    const auto since = [&](std::size_t owner) {
      const double before = owner < from.size() ? from[owner] : 0.0;
      return std::max(0.0, integrals_[owner] - before - (owner == self ? own_part : 0.0));
    };
    double total = 0.0;
    for (std::size_t owner = 0; owner < integrals_.size(); ++owner) total += since(owner);
    // Rounding may leave a crumb of what is own; it is not worth a culprit.
    const double crumb = 1e-12 * total;
    Seconds rest = duration;
    std::size_t last = causes.size();
    for (std::size_t owner = 0; owner < integrals_.size(); ++owner) {
      if (since(owner) <= crumb) continue;
      const Seconds part = duration * (since(owner) / total);
      last = causes.size();
      causes.push_back({kind, static_cast<OwnerId>(owner), part});
      rest -= part;
    }
    if (last == causes.size()) {
      causes.push_back({kind, self, duration});
    } else {
      causes[last].duration += rest;
    }
  }

 private:
  Seconds last_;
  double weight_integral_ = 0.0;
  std::vector<double> counts_;     ///< by owner
  std::vector<double> integrals_;  ///< by owner, in weighted seconds
};

}  // namespace labtwin
