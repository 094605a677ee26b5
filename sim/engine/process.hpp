#pragma once

#include <coroutine>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sim/engine/task.hpp"
#include "sim/engine/waiter.hpp"

namespace labtwin {

class ProcessTable;

/// What is expected of a process. A job ends by itself; if nothing is left that could ever wake it, the run has ended in a
/// deadlock. A server serves until nobody asks any more.
enum class ProcessKind : std::uint8_t { Job, Server };

namespace detail {

/// A running process; shared by the engine, while it runs, and by every Process that refers to it.
class ProcessState final : public TaskJoin {
 public:
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { FramePool::release(memory, size); }

  ProcessState(ProcessTable& table, std::string_view name, Task<> task, ProcessKind kind);
  std::coroutine_handle<> task_ended(std::size_t index) override;
  void cancel();

 private:
  friend class labtwin::ProcessTable;
  friend class ProcessReference;
  friend class ProcessJoin;

  /// Starts the task, and later, if asked to, ends it early.
  class Control final : public Event {
   public:
    Control(EventQueue& queue, ProcessState& process) noexcept : Event(queue), process_(&process) {}
    void fire() override;

   private:
    ProcessState* process_;
  };

  ProcessTable* table_;  ///< nullptr as soon as the process has ended
  EventQueue* queue_;
  Task<> task_;
  Control control_;
  WaiterList joiners_;
  ProcessState* next_ = nullptr;
  ProcessState* previous_ = nullptr;
  std::uint32_t num_references_ = 0;
  ProcessKind kind_;
  bool is_started_ = false;
  std::string name_;
};

class ProcessReference {
 public:
  explicit ProcessReference(ProcessState& state) noexcept : state_(&state) { ++state_->num_references_; }
  ProcessReference(const ProcessReference& other) noexcept : state_(other.state_) { ++state_->num_references_; }
  ProcessReference& operator=(ProcessReference other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~ProcessReference() {
    if (--state_->num_references_ == 0) delete state_;
  }
  [[nodiscard]] ProcessState& operator*() const noexcept { return *state_; }
  [[nodiscard]] ProcessState* operator->() const noexcept { return state_; }
  [[nodiscard]] bool has_ended() const noexcept { return state_->table_ == nullptr; }

 private:
  ProcessState* state_;
};

/// Waits for the end of a process.
class ProcessJoin final : public Waiter {
 public:
  explicit ProcessJoin(const ProcessReference& process) noexcept : Waiter(*process->queue_), process_(process) {}
  [[nodiscard]] bool await_ready() const noexcept { return process_.has_ended(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept {
    resumes(waiting);
    process_->joiners_.push_back(*this);
  }
  void await_resume() const noexcept {}

 private:
  ProcessReference process_;
};

}  // namespace detail

/// A handle to a spawned process. Dropping it leaves the process running.
class Process {
 public:
  [[nodiscard]] bool has_ended() const noexcept { return state_.has_ended(); }
  /// `co_await process.join()` waits for its end, however it ends.
  [[nodiscard]] detail::ProcessJoin join() const noexcept { return detail::ProcessJoin(state_); }
  /// Ends it at the current date, before any other process goes on; what it waits for is cancelled and its locals are
  /// destroyed.
  void cancel() const {
    if (!has_ended()) state_->cancel();
  }

 private:
  friend class ProcessTable;
  explicit Process(detail::ProcessState& state) noexcept : state_(state) {}
  detail::ProcessReference state_;
};

/// The processes that run, in the order in which they were spawned.
class ProcessTable {
 public:
  explicit ProcessTable(EventQueue& queue) noexcept : queue_(&queue) {}
  ProcessTable(const ProcessTable&) = delete;
  ProcessTable& operator=(const ProcessTable&) = delete;
  ~ProcessTable();

  Process spawn(std::string_view name, Task<> task, ProcessKind kind);
  /// True when a process has ended since the last call of `reap`.
  [[nodiscard]] bool has_ended_processes() const noexcept { return ended_ != nullptr; }
  /// Frees what has ended; throws what ended it, if that was an exception. Not to be called from inside a process.
  void reap();
  /// Destroys every process. Not to be called from inside one.
  void end_all();

  /// Calls visit(name) for every job that has not ended.
  template <class Visit>
  void for_each_job(const Visit& visit) const {
    for (const detail::ProcessState* process = first_; process != nullptr; process = process->next_) {
      if (process->kind_ == ProcessKind::Job) visit(process->name_);
    }
  }

 private:
  friend class detail::ProcessState;
  void link(detail::ProcessState& process) noexcept;
  void unlink(detail::ProcessState& process) noexcept;
  /// Moves a process from the running to the ended ones.
  void retire(detail::ProcessState& process) noexcept;

  EventQueue* queue_;
  detail::ProcessState* first_ = nullptr;
  detail::ProcessState* last_ = nullptr;
  detail::ProcessState* ended_ = nullptr;  ///< linked by next_
};

}  // namespace labtwin
