#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "models/base/device.hpp"
#include "models/base/occupancy.hpp"
#include "models/base/units.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

/// Who is served next. Fifo: first come, first served. Priority: the highest priority, first come among equals; nobody who is
/// being served is interrupted.
enum class Discipline : std::uint8_t { Fifo, Priority };

struct ResourceOptions {
  std::size_t num_servers = 1;
  Discipline discipline = Discipline::Fifo;
  std::optional<std::size_t> queue_limit{};  ///< whoever would be one more than this in the queue is rejected
};

struct SeizeOptions {
  OwnerId owner = 0;
  int priority = 0;
  std::optional<Seconds> timeout{};  ///< of the wait in the queue
};

/// What a resource has seen. Every request is in exactly one of the six ends or still waits:
/// num_requests = granted + rejected + timed_out + failed + cancelled + waiting.
struct ResourceStatistics {
  std::uint64_t num_requests = 0;
  std::uint64_t num_granted = 0;
  std::uint64_t num_rejected = 0;
  std::uint64_t num_timed_out = 0;
  std::uint64_t num_failed = 0;
  std::uint64_t num_cancelled = 0;
  std::size_t num_waiting = 0;
  std::size_t num_busy = 0;
  Seconds busy_time;     ///< integral of the busy servers
  Seconds waiting_time;  ///< integral of the queue's length
};

class Lease;
struct SeizeResult;
class Seize;

namespace detail {

/// The state of a Resource. It lives on after its Resource while somebody still has a lease, as processes do that are
/// destroyed with the engine.
class ServerPool {
 public:
  ServerPool(Engine& engine, const ResourceOptions& options) : engine_(&engine), options_(options) {}

  /// A server, a refusal, or neither: then the request must wait.
  [[nodiscard]] std::optional<Outcome> request(OwnerId owner);
  void enqueue(Seize& seize);
  void release(OwnerId owner);
  /// Takes a request out of the queue that will not be served.
  void leave(Seize& seize, Outcome outcome);
  void set_health(Health health);
  void orphan();

  void advance();
  [[nodiscard]] const ResourceStatistics& statistics() {
    advance();
    return statistics_;
  }
  [[nodiscard]] const Occupancy& occupancy() const noexcept { return occupancy_; }
  [[nodiscard]] Engine& engine() const noexcept { return *engine_; }

 private:
  ~ServerPool() = default;
  [[nodiscard]] bool has_free_server() const noexcept {
    return statistics_.num_busy < options_.num_servers && health_ != Health::Hung;
  }
  void occupy(OwnerId owner);
  void serve_next();
  void delete_if_unused();

  Engine* engine_;
  ResourceOptions options_;
  WaiterList queue_;
  Occupancy occupancy_;
  ResourceStatistics statistics_;
  Seconds last_change_;
  Health health_ = Health::Healthy;
  bool is_orphan_ = false;
};

}  // namespace detail

/// The right to one server, given back on destruction.
class [[nodiscard]] Lease {
 public:
  Lease() noexcept = default;
  Lease(detail::ServerPool& pool, OwnerId owner) noexcept : pool_(&pool), owner_(owner) {}
  Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), owner_(other.owner_) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      pool_ = std::exchange(other.pool_, nullptr);
      owner_ = other.owner_;
    }
    return *this;
  }
  ~Lease() { release(); }

  [[nodiscard]] bool is_held() const noexcept { return pool_ != nullptr; }
  void release() noexcept {
    if (pool_ != nullptr) std::exchange(pool_, nullptr)->release(owner_);
  }

 private:
  detail::ServerPool* pool_ = nullptr;
  OwnerId owner_ = 0;
};

/// How an attempt to get a server went. The lease is held if and only if the outcome is Completed. The causes of the wait sum
/// to the time in the queue: the owners whose work was in the servers meanwhile, in proportion.
struct SeizeResult {
  Outcome outcome = Outcome::Completed;
  Lease lease;
  Causes causes;
};

/// The wait for a server; made by Resource::seize. Destroying it leaves the queue, or gives back the server.
class Seize final : public Waiter {
 public:
  Seize(detail::ServerPool& pool, const SeizeOptions& options) noexcept
      : Waiter(pool.engine().queue()), pool_(&pool), options_(options), timeout_(pool.engine().queue(), *this) {}
  ~Seize() override {
    if (is_waiting()) pool_->leave(*this, Outcome::Cancelled);
  }

  [[nodiscard]] bool await_ready();
  void await_suspend(std::coroutine_handle<> process);
  SeizeResult await_resume() noexcept { return std::move(result_); }

 private:
  friend class detail::ServerPool;

  class Timeout final : public Event {
   public:
    Timeout(EventQueue& queue, Seize& seize) noexcept : Event(queue), seize_(&seize) {}
    void fire() override {
      seize_->pool_->leave(*seize_, Outcome::TimedOut);
      seize_->Resumption::fire();
    }

   private:
    Seize* seize_;
  };

  void end(Outcome outcome);

  detail::ServerPool* pool_;
  SeizeOptions options_;
  Timeout timeout_;
  Seconds since_;
  Occupancy::Moment from_;
  SeizeResult result_;
};

/// Servers with one queue in front: the cores of a CPU, the connections of a pool, the slots of a job queue.
///
///   SeizeResult got = co_await cores.seize({.owner = etl});
///   if (got.outcome == Outcome::Completed) co_await engine.hold(work);   // released when `got` goes
class Resource {
 public:
  Resource(Engine& engine, const ResourceOptions& options) : pool_(new detail::ServerPool(engine, options)) {}
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;
  ~Resource() { pool_->orphan(); }

  [[nodiscard]] Seize seize(const SeizeOptions& options = {}) noexcept { return {*pool_, options}; }
  /// Hung: nobody is served any more, who waits goes on waiting. Dead: who waits or comes fails at once. Who is being served
  /// goes on either way; whether their work was in vain is their business.
  void set_health(Health health) { pool_->set_health(health); }
  /// Up to now.
  [[nodiscard]] const ResourceStatistics& statistics() const { return pool_->statistics(); }

 private:
  detail::ServerPool* pool_;  // owned, but it may outlive this: see ServerPool
};

}  // namespace labtwin
