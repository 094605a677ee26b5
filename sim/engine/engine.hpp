#pragma once

// Simulated time and the right to wait. The clock, the kernel timers and the sharing of links are SimGrid's, which only the
// sources of this folder see; processes are coroutines:
//
//   Task<> customer(Engine& engine) {
//     co_await engine.hold(2_s);                                  // a duration that is known
//     auto done = co_await engine.with_timeout(read(), 1_s);      // a wait that may be given up
//   }
//   engine.spawn("customer", customer(engine));
//   RunResult result = engine.run(1_h);
//
// Everything that happens at one date happens in the order (priority, sequence) of one queue, so equal runs are equal event
// for event.

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/units.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/engine/join.hpp"
#include "sim/engine/process.hpp"
#include "sim/engine/task.hpp"
#include "sim/engine/transfer.hpp"
#include "sim/engine/waiter.hpp"

namespace labtwin {

struct EngineOptions {
  /// Owned by the caller, typically set by a handler of Ctrl-C. When it becomes true the run stops between two events.
  const std::atomic<bool>* interrupt = nullptr;
  /// Flows that share a link at once; more wait in front of it, first come, first served, as they do at a real device. The cost
  /// of an event grows with this number.
  std::size_t max_flows_per_link = 16;
};

/// How a run ended. Finished: nothing was left to happen and every job had ended. Deadlock: nothing was left to happen, but
/// jobs still waited. Horizon: the horizon was reached first.
enum class RunEnd : std::uint8_t { Finished, Horizon, Interrupted, Deadlock };

struct RunResult {
  RunEnd end = RunEnd::Finished;
  Seconds reached;                        ///< the date at which it ended
  std::uint64_t num_events = 0;           ///< since the engine was made
  std::uint64_t fingerprint = 0;          ///< of the dates and order of all events; equal for equal runs
  std::vector<std::string> blocked_jobs;  ///< in a deadlock, the jobs that wait for ever
};

/// Waits until a date.
class Hold final : public Resumption {
 public:
  Hold(EventQueue& queue, double until) noexcept : Resumption(queue), queue_(&queue), until_(until) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> process) {
    resumes(process);
    queue_->push(*this, until_, Priority::Normal);
  }
  void await_resume() const noexcept {}

 private:
  EventQueue* queue_;
  double until_;
};

/// Identifies a callback that was scheduled.
using CallId = std::uint64_t;

/// The engine of one run. There is one in the life of an operating-system process, because SimGrid keeps its clock and its
/// configuration for good; replications go to processes of their own. Not to be shared between threads.
class Engine {
 public:
  explicit Engine(EngineOptions options = {});
  /// With links to transfer bytes over.
  explicit Engine(const topology::Topology& topology, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Time since the start of the run.
  [[nodiscard]] Seconds now() const noexcept { return Seconds::from_base(queue_.now()); }

  /// Runs everything up to and including the horizon. May be called again to go on. Throws what a process threw.
  RunResult run(std::optional<Seconds> horizon = std::nullopt);

  /// Starts a process at the current date, after what is already due.
  Process spawn(std::string_view name, Task<> task, ProcessKind kind = ProcessKind::Job) {
    return processes_.spawn(name, std::move(task), kind);
  }

  /// Destroys every process that has not ended, between two runs: for owners of things that processes wait for and that go
  /// before the engine does.
  void end_processes() { processes_.end_all(); }

  /// `co_await engine.hold(d)`: time passes. d = 0 lets everything that is already due at this date go first.
  [[nodiscard]] Hold hold(Seconds duration) noexcept { return {queue_, queue_.now() + duration.value()}; }
  [[nodiscard]] Hold hold_until(Seconds date) noexcept { return {queue_, date.value()}; }

  /// `co_await engine.transfer(route, bytes, {.owner = owner})`: a TransferResult when the bytes are there. Links are shared
  /// fairly among all who use them meanwhile (max-min), none above its bound.
  [[nodiscard]] Transfer transfer(const topology::Route& route, Bytes bytes, const TransferOptions& options = {});
  /// How many flows the busiest link of the route carries now.
  [[nodiscard]] std::size_t num_flows(const topology::Route& route) const;
  /// Flows that are on their way feel it from now on.
  void set_link_bandwidth(topology::LinkId link, BytesPerSecond bandwidth);
  /// Dead: transfers over the link fail, those on their way included. All other states count as working.
  void set_link_health(topology::LinkId link, Health health);

  /// `co_await engine.wait_all(std::move(tasks))`: an AllResult once all have ended. The first exception ends the wait.
  template <class T>
  [[nodiscard]] detail::AllJoiner<T> wait_all(std::vector<Task<T>> tasks) {
    return {queue_, std::move(tasks)};
  }
  /// An AnyResult once one has ended; the others are cancelled.
  template <class T>
  [[nodiscard]] detail::AnyJoiner<T> wait_any(std::vector<Task<T>> tasks) {
    return {queue_, std::move(tasks)};
  }
  /// What the task returned, or nothing if that took longer than the limit: then it is cancelled. For a Task<> a bool. A task
  /// that ends at the very date of the limit has made it if what ended it was pending before the limit was.
  template <class T>
  [[nodiscard]] detail::TimeoutJoiner<T> with_timeout(Task<T> task, Seconds limit) {
    return {queue_, std::move(task), limit};
  }

  /// Calls back at a date. Callbacks are for those who have no process; they must not throw what they can handle.
  CallId schedule(Seconds at, Priority priority, std::function<void()> callback);
  /// Forgets a callback; nothing happens if it was called already.
  void cancel(CallId id) noexcept;

  /// The queue of everything pending, for awaiters.
  [[nodiscard]] EventQueue& queue() noexcept { return queue_; }

 private:
  class Kernel;
  class ScheduledCall;

  EngineOptions options_;
  EventQueue queue_;
  std::unique_ptr<Kernel> kernel_;
  std::unordered_map<CallId, std::unique_ptr<ScheduledCall>> calls_;
  ProcessTable processes_;
};

}  // namespace labtwin
