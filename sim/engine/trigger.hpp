#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "models/base/error.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

/// Something that happens once, for which any number of processes wait: `co_await trigger` yields what it was completed with,
/// at once if that was before. The trigger must outlive those who wait.
template <class T = void>
class Trigger {
 public:
  explicit Trigger(Engine& engine) noexcept : queue_(&engine.queue()) {}

  [[nodiscard]] bool is_completed() const noexcept { return value_.has_value(); }
  void complete(T value) {
    LABTWIN_CHECK(!is_completed(), "a trigger can be completed once only");
    value_.emplace(std::move(value));
    waiters_.wake_all(*queue_);
  }

  class Awaiter final : public Waiter {
   public:
    explicit Awaiter(Trigger& trigger) noexcept : Waiter(*trigger.queue_), trigger_(&trigger) {}
    [[nodiscard]] bool await_ready() const noexcept { return trigger_->is_completed(); }
    void await_suspend(std::coroutine_handle<> process) noexcept {
      resumes(process);
      trigger_->waiters_.push_back(*this);
    }
    T& await_resume() const noexcept { return *trigger_->value_; }

   private:
    Trigger* trigger_;
  };
  [[nodiscard]] Awaiter operator co_await() noexcept { return Awaiter(*this); }

 private:
  EventQueue* queue_;
  WaiterList waiters_;
  std::optional<T> value_;
};

/// A trigger that carries nothing.
template <>
class Trigger<void> {
 public:
  explicit Trigger(Engine& engine) noexcept : trigger_(engine) {}
  [[nodiscard]] bool is_completed() const noexcept { return trigger_.is_completed(); }
  void complete() { trigger_.complete(Nothing{}); }
  [[nodiscard]] auto operator co_await() noexcept { return trigger_.operator co_await(); }

 private:
  struct Nothing {};
  Trigger<Nothing> trigger_;
};

}  // namespace labtwin
