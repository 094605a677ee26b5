#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "models/base/error.hpp"
#include "sim/engine/frame_pool.hpp"

namespace labtwin {

/// Told when a task that it started has ended, at the date of the end. Returns what runs next.
class TaskJoin {
 public:
  virtual std::coroutine_handle<> task_ended(std::size_t index) = 0;

 protected:
  ~TaskJoin() = default;
};

namespace detail {

class TaskPromiseBase {
 public:
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { FramePool::release(memory, size); }

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      TaskPromiseBase& promise = ended.promise();
      if (promise.join_ != nullptr) return promise.join_->task_ended(promise.index_);
      return promise.continuation_ ? promise.continuation_ : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  void continue_with(std::coroutine_handle<> continuation) noexcept { continuation_ = continuation; }
  void report_to(TaskJoin& join, std::size_t index) noexcept {
    join_ = &join;
    index_ = index;
  }
  [[nodiscard]] const std::exception_ptr& exception() const noexcept { return exception_; }
  void rethrow_if_failed() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::coroutine_handle<> continuation_;
  TaskJoin* join_ = nullptr;
  std::size_t index_ = 0;
  std::exception_ptr exception_;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  std::coroutine_handle<TaskPromise> get_return_object() noexcept {
    return std::coroutine_handle<TaskPromise>::from_promise(*this);
  }
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take_result() {
    rethrow_if_failed();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  std::coroutine_handle<TaskPromise> get_return_object() noexcept {
    return std::coroutine_handle<TaskPromise>::from_promise(*this);
  }
  void return_void() const noexcept {}
  void take_result() const { rethrow_if_failed(); }
};

}  // namespace detail

/// A piece of a process: a coroutine that starts when it is awaited (or spawned, or joined) and yields a T. It belongs to
/// whoever holds it. Destroying a task that has not ended cancels what it waits for and runs the destructors of its
/// locals, which is how leases are given back and queue places left: timeouts and cancellation are plain RAII.
///
/// Write `co_await child(...)` with arguments that are trivially destructible or named before: g++ 12 destroys other
/// temporaries of such an expression twice.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;

  Task() noexcept = default;
  Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}  // NOLINT: the compiler converts
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() { destroy(); }

  /// False for a task that was moved from or destroyed.
  [[nodiscard]] bool is_valid() const noexcept { return static_cast<bool>(handle_); }
  [[nodiscard]] bool is_done() const noexcept { return handle_.done(); }
  [[nodiscard]] promise_type& promise() const noexcept { return handle_.promise(); }
  /// Runs until the first wait. For those who start tasks: awaiting does it too.
  void start() const { handle_.resume(); }
  /// What an ended task returned, once; throws what it threw.
  T take_result() const { return handle_.promise().take_result(); }
  void destroy() noexcept {
    if (handle_) std::exchange(handle_, {}).destroy();
  }

  [[nodiscard]] bool await_ready() const {
    LABTWIN_CHECK(is_valid() && !is_done(), "a task can be awaited once only");
    return false;
  }
  /// The child runs inside this call as far as it can, so that a loop over children that need not wait uses no stack.
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> parent) const {
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().continue_with(parent);
    return true;
  }
  T await_resume() const { return take_result(); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace labtwin
