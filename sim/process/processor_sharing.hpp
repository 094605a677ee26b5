#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "models/base/device.hpp"
#include "models/base/occupancy.hpp"
#include "models/base/units.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

class Serve;

/// How a piece of work in a shared processor went. The causes sum to its time there: service is the work itself, as it would
/// take on a server of its own, slowdown the rest, charged to those who shared the servers meanwhile.
struct ServeResult {
  Outcome outcome = Outcome::Completed;
  Causes causes;
};

/// What a shared processor has seen: num_requests = completed + failed + cancelled + in_service.
struct SharingStatistics {
  std::uint64_t num_requests = 0;
  std::uint64_t num_completed = 0;
  std::uint64_t num_failed = 0;
  std::uint64_t num_cancelled = 0;
  std::size_t num_in_service = 0;
  Seconds busy_time;     ///< integral of the busy servers
  Seconds sharing_time;  ///< integral of the number in service
};

namespace detail {

/// The state of a ProcessorSharing; like ServerPool it outlives it while work is in it.
class SharePool final : public Event {
 public:
  SharePool(Engine& engine, std::size_t num_servers)
      : Event(engine.queue()), engine_(&engine), num_servers_(static_cast<double>(num_servers)) {}

  void enter(Serve& serve);
  void leave(Serve& serve, Outcome outcome);
  void set_health(Health health);
  void orphan();
  void fire() override;

  [[nodiscard]] const SharingStatistics& statistics() {
    advance();
    return statistics_;
  }
  [[nodiscard]] Engine& engine() const noexcept { return *engine_; }
  [[nodiscard]] bool is_dead() const noexcept { return health_ == Health::Dead; }

 private:
  /// In order of completion, first come first among equals.
  struct FinishesFirst {
    bool operator()(const Serve* a, const Serve* b) const noexcept;
  };

  ~SharePool() override = default;
  /// Seconds of work that each piece gets done per second.
  [[nodiscard]] double rate() const noexcept;
  void advance();
  void set_alarm();
  void complete(Serve& serve, Outcome outcome);
  void delete_if_unused();

  Engine* engine_;
  double num_servers_;
  std::set<Serve*, FinishesFirst> in_service_;
  /// The work that a piece which was here since the last idle moment has got done. All get the same, so each piece ends when
  /// this reaches what it was at the piece's arrival plus its work.
  double work_done_ = 0.0;
  std::uint64_t sequence_ = 0;
  Seconds last_change_;
  Occupancy occupancy_;
  SharingStatistics statistics_;
  Health health_ = Health::Healthy;
  bool is_orphan_ = false;
};

}  // namespace detail

/// The wait for a piece of work; made by ProcessorSharing::serve. Destroying it abandons the work.
class Serve final : public Resumption {
 public:
  Serve(detail::SharePool& pool, Seconds work, OwnerId owner) noexcept
      : Resumption(pool.engine().queue()), pool_(&pool), work_(work), owner_(owner) {}
  ~Serve() override {
    if (is_in_service_) pool_->leave(*this, Outcome::Cancelled);
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> process) {
    resumes(process);
    pool_->enter(*this);
  }
  ServeResult await_resume() noexcept { return std::move(result_); }

 private:
  friend class detail::SharePool;

  detail::SharePool* pool_;
  Seconds work_;
  OwnerId owner_;
  bool is_in_service_ = false;
  double finish_ = 0.0;  ///< the pool's work_done_ at which this ends
  std::uint64_t sequence_ = 0;
  Seconds since_;
  Occupancy::Moment from_;
  double weight_from_ = 0.0;
  ServeResult result_;
};

/// Servers that all work is spread over at once in equal shares, nobody getting more than one server: the cores of a machine
/// under a fair scheduler, a GPU that is time-sliced.
///
///   ServeResult done = co_await cores.serve(4_ms, owner);
class ProcessorSharing {
 public:
  ProcessorSharing(Engine& engine, std::size_t num_servers) : pool_(new detail::SharePool(engine, num_servers)) {}
  ProcessorSharing(const ProcessorSharing&) = delete;
  ProcessorSharing& operator=(const ProcessorSharing&) = delete;
  ~ProcessorSharing() { pool_->orphan(); }

  [[nodiscard]] Serve serve(Seconds work, OwnerId owner) noexcept { return {*pool_, work, owner}; }
  /// Hung: all work stands still. Dead: all work, present and to come, fails.
  void set_health(Health health) { pool_->set_health(health); }
  /// Up to now.
  [[nodiscard]] const SharingStatistics& statistics() const { return pool_->statistics(); }

 private:
  detail::SharePool* pool_;  // owned, but it may outlive this: see SharePool
};

}  // namespace labtwin
