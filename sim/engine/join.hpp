#pragma once

// Waiting for several tasks, for one of several, or for one but not longer than so long. The tasks belong to the wait: whatever
// has not ended when it is over, or when the waiting process is cancelled, is cancelled with it.

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "models/base/units.hpp"
#include "sim/engine/task.hpp"
#include "sim/engine/waiter.hpp"

namespace labtwin {

/// What all tasks of a `wait_all` returned, in their order, and which of them ended last (the first in order of those that
/// ended at the last date): the one that the waiting process owes its delay to.
template <class T>
struct AllResult {
  std::vector<T> values;
  std::size_t last = 0;
};
template <>
struct AllResult<void> {
  std::size_t last = 0;
};

/// The task of a `wait_any` that ended first, and what it returned.
template <class T>
struct AnyResult {
  std::size_t index = 0;
  T value;
};
template <>
struct AnyResult<void> {
  std::size_t index = 0;
};

namespace detail {

/// Starts tasks in order and is told of their ends.
template <class T>
class Joiner : public TaskJoin {
 public:
  Joiner(EventQueue& queue, std::vector<Task<T>> tasks) : queue_(&queue), tasks_(std::move(tasks)) {}
  Joiner(const Joiner&) = delete;
  Joiner& operator=(const Joiner&) = delete;

  /// Returns whether there is something to wait for.
  bool await_suspend(std::coroutine_handle<> process) {
    is_starting_ = true;
    for (std::size_t i = 0; i < tasks_.size() && !is_over_; ++i) {
      tasks_[i].promise().report_to(*this, i);
      tasks_[i].start();
    }
    is_starting_ = false;
    process_ = process;
    return !is_over_;
  }
  std::coroutine_handle<> task_ended(std::size_t index) final {
    if (is_over_) return std::noop_coroutine();
    is_over_ = note_end(index) || tasks_[index].promise().exception();
    return is_over_ && !is_starting_ ? process_ : std::noop_coroutine();
  }

 protected:
  ~Joiner() = default;
  /// Returns whether the wait is over.
  virtual bool note_end(std::size_t index) = 0;

  EventQueue* queue_;
  std::vector<Task<T>> tasks_;

 private:
  std::coroutine_handle<> process_;
  bool is_starting_ = false;
  bool is_over_ = false;
};

template <class T>
class AllJoiner final : public Joiner<T> {
 public:
  using Joiner<T>::Joiner;
  [[nodiscard]] bool await_ready() const noexcept { return this->tasks_.empty(); }
  AllResult<T> await_resume() {
    for (const Task<T>& task : this->tasks_) task.promise().rethrow_if_failed();
    AllResult<T> result;
    result.last = last_;
    if constexpr (!std::is_void_v<T>) {
      result.values.reserve(this->tasks_.size());
      for (const Task<T>& task : this->tasks_) result.values.push_back(task.take_result());
    }
    return result;
  }

 private:
  bool note_end(std::size_t index) override {
    const double now = this->queue_->now();
    if (num_ended_ == 0 || now > last_date_ || index < last_) {
      last_ = index;
      last_date_ = now;
    }
    return ++num_ended_ == this->tasks_.size();
  }

  std::size_t num_ended_ = 0;
  std::size_t last_ = 0;
  double last_date_ = 0.0;
};

template <class T>
class AnyJoiner final : public Joiner<T> {
 public:
  using Joiner<T>::Joiner;
  [[nodiscard]] bool await_ready() const {
    LABTWIN_CHECK(!this->tasks_.empty(), "one of no tasks never ends");
    return false;
  }
  AnyResult<T> await_resume() {
    Task<T> winner = std::move(this->tasks_[winner_]);
    this->tasks_.clear();
    if constexpr (std::is_void_v<T>) {
      winner.take_result();
      return {winner_};
    } else {
      return {winner_, winner.take_result()};
    }
  }

 private:
  bool note_end(std::size_t index) override {
    winner_ = index;
    return true;
  }

  std::size_t winner_ = 0;
};

template <class T>
class TimeoutJoiner final : public TaskJoin {
 public:
  TimeoutJoiner(EventQueue& queue, Task<T> task, Seconds limit)
      : queue_(&queue), task_(std::move(task)), timeout_(queue), limit_(limit) {}
  TimeoutJoiner(const TimeoutJoiner&) = delete;
  TimeoutJoiner& operator=(const TimeoutJoiner&) = delete;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> process) {
    task_.promise().report_to(*this, 0);
    task_.start();
    if (task_.is_done()) return false;
    timeout_.resumes(process);
    process_ = process;
    queue_->push(timeout_, queue_->now() + limit_.value(), Priority::Normal);
    return true;
  }
  std::coroutine_handle<> task_ended(std::size_t) override {
    if (!process_) return std::noop_coroutine();
    queue_->remove(timeout_);
    return process_;
  }
  /// What the task returned (true for void), or nothing (false) if it was given up.
  auto await_resume() {
    using Value = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;
    if (!task_.is_done()) {
      task_.destroy();
      return Value{};
    }
    if constexpr (std::is_void_v<T>) {
      task_.take_result();
      return true;
    } else {
      return Value{task_.take_result()};
    }
  }

 private:
  EventQueue* queue_;
  Task<T> task_;
  Resumption timeout_;
  Seconds limit_;
  std::coroutine_handle<> process_;
};

}  // namespace detail
}  // namespace labtwin
