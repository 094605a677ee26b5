#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "models/workload/arrival.hpp"
#include "models/workload/servegen.hpp"
#include "models/workload/trace.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"

namespace labtwin::service {

/// Asks the requests of a trace. A session, that is a request that follows none with all that follow it, begins when arrivals
/// or users say so; the rest of it as answers come: a request is asked when those that it waits for have ended, well or not,
/// and its gap has passed. Every request is asked once.
class TraceReplay {
 public:
  /// A process that asks and waits for the answer; `request` lives as long as the trace.
  using Ask = std::function<Task<>(std::uint64_t number, const workload::TraceRequest& request)>;

  /// `speed` 2 plays gaps in half the time.
  TraceReplay(Engine& engine, std::shared_ptr<const workload::Trace> trace, double speed, Ask ask);
  TraceReplay(const TraceReplay&) = delete;
  TraceReplay& operator=(const TraceReplay&) = delete;

  /// Begins sessions at these times, in order: a process to be spawned.
  Task<> begin_at(std::unique_ptr<const workload::ArrivalProcess> arrivals);
  /// Somebody who has one session after the other, the next of the trace each time, until there are no more: a process.
  Task<> user();

  /// When sessions begin, as the trace says.
  [[nodiscard]] std::vector<Seconds> starts() const;

 private:
  /// A session under way.
  struct Session {
    explicit Session(Engine& engine) : has_ended(engine) {}
    std::size_t num_open = 1;  ///< requests that are asked or about to be
    Trigger<> has_ended;
  };

  void begin(std::uint32_t root, const std::shared_ptr<Session>& session);
  Task<> ask_at(std::uint32_t number, Seconds at, std::shared_ptr<Session> session);
  [[nodiscard]] Seconds due(std::uint32_t number) const;

  Engine* engine_;
  std::shared_ptr<const workload::Trace> trace_;
  double speed_;
  Ask ask_;
  std::vector<std::uint32_t> roots_;         ///< requests that follow none, in order of their times
  std::vector<std::uint32_t> followers_;     ///< of each request in turn, see first_follower_
  std::vector<std::size_t> first_follower_;  ///< (num_requests + 1)
  std::vector<std::uint32_t> num_awaited_;   ///< by request: those that it waits for and that have not ended
  std::vector<Seconds> asked_;               ///< by request
  std::size_t next_root_ = 0;
};

/// Asks requests as they are drawn, each at its time: a process.
Task<> ask_drawn(Engine& engine, std::shared_ptr<workload::ServegenRequests> requests, TraceReplay::Ask ask);

}  // namespace labtwin::service
