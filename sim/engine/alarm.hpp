#pragma once

#include <functional>
#include <utility>

#include "sim/engine/engine.hpp"

namespace labtwin {

/// A callback at a date that its owner may move or clear: how a device's process is woken at `next_event()`, and how a
/// timeout is kept that hardly ever happens. Setting it again costs no allocation; its destruction clears it.
class Alarm final : public Event {
 public:
  Alarm(Engine& engine, std::function<void()> callback)
      : Event(engine.queue()), queue_(&engine.queue()), callback_(std::move(callback)) {}

  /// Moves the alarm to this date, which is not before now.
  void set(Seconds at, Priority priority = Priority::Normal) {
    clear();
    queue_->push(*this, at.value(), priority);
  }
  void clear() noexcept {
    if (is_queued()) queue_->remove(*this);
  }
  void fire() override { callback_(); }

 private:
  EventQueue* queue_;
  std::function<void()> callback_;
};

}  // namespace labtwin
