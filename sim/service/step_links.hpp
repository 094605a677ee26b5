#pragma once

#include <functional>
#include <vector>

#include "models/serving/step_time.hpp"
#include "sim/process/timeline.hpp"
#include "sim/service/bus.hpp"

namespace labtwin::service {

/// The links that the steps of an inference server cross: all-reduces between its cards, weights that it reads from the memory
/// of the host. In every step the bytes have their turn, in which they share the links with whoever is there; the step is
/// longer by what that turn is. Others meet what the steps move on average.
class StepLinks {
 public:
  /// By links and culprits: seconds that steps were longer, up to a moment.
  using Moment = std::vector<double>;

  /// `on_change` is called when the stretch of the steps under way has changed.
  StepLinks(Engine& engine, Bus& bus, std::vector<topology::LaneUse> lanes, OwnerId owner, std::function<void()> on_change);

  /// Steps of `alone` each begin.
  void begin(const serving::StepTraffic& traffic, Seconds alone);
  void end();

  /// How many times longer than alone the steps are.
  [[nodiscard]] double stretch() const noexcept { return stretch_; }

  [[nodiscard]] const Moment& moment();
  /// Appends what was lost since a moment, at most `limit`, as slowdown by the culprits; returns how much that is.
  Seconds charge(const Moment& from, Seconds limit, Timeline& timeline);

 private:
  struct Loss {
    ResourceId link = 0;
    OwnerId culprit = 0;
  };

  void changed();
  void note();
  [[nodiscard]] double wanted_stretch() const;
  [[nodiscard]] BytesPerSecond average() const { return traffic_.bytes / (alone_ * stretch_); }
  double& lost_to(ResourceId link, OwnerId culprit);

  Engine* engine_;
  Bus* bus_;
  std::function<void()> on_change_;
  serving::StepTraffic traffic_;
  Seconds alone_;
  double stretch_ = 1.0;
  bool is_active_ = false;
  Seconds noted_at_;
  std::vector<Loss> losses_;
  Moment lost_;
  std::vector<Bus::Culprit> culprits_;
  ResourceId held_by_ = 0;
  Bus::Stream stream_;
};

}  // namespace labtwin::service
