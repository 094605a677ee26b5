#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "models/base/occupancy.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin::service {

/// The compute of one card, which the servers on it take in turns: while k of them have a step under way, each goes on at 1/k
/// of its speed (the driver's time slices; no partitions).
class GpuCard {
 public:
  class Burst;

  GpuCard(Engine& engine, ResourceId resource) noexcept : engine_(&engine), resource_(resource) {}
  GpuCard(const GpuCard&) = delete;
  GpuCard& operator=(const GpuCard&) = delete;

  [[nodiscard]] ResourceId resource() const noexcept { return resource_; }
  /// Whose requests are on the card.
  [[nodiscard]] Occupancy& occupancy() noexcept { return occupancy_; }
  /// Time with a step under way.
  [[nodiscard]] Seconds busy_time() const noexcept;

 private:
  void note();
  void arm_all();

  Engine* engine_;
  ResourceId resource_;
  Occupancy occupancy_;
  std::vector<Burst*> active_;
  Seconds progress_;  ///< of each of those that are active, since the start of the run
  Seconds noted_at_;
  Seconds busy_time_;
};

/// Work of one server on a card, one stretch after the other.
class GpuCard::Burst {
 public:
  Burst(GpuCard& card, std::function<void()> on_end);
  ~Burst();
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;

  /// Begins a stretch that takes this long alone; calls back when it is done.
  void start(Seconds work);
  /// Changes how long the stretch takes, not below what is done.
  void resize(Seconds work);
  [[nodiscard]] bool is_active() const noexcept { return is_active_; }
  /// What of the stretch is done.
  [[nodiscard]] Seconds done() const;

 private:
  friend class GpuCard;
  void arm();
  void end();

  GpuCard* card_;
  std::function<void()> on_end_;
  Alarm alarm_;
  bool is_active_ = false;
  Seconds began_;  ///< by the card's progress
  Seconds ends_;
};

}  // namespace labtwin::service
