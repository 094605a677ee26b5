#include "sim/engine/engine.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "models/base/error.hpp"
#include "sim/engine/kernel.hpp"
#include "sim/engine/transfers.hpp"

namespace labtwin {

class Engine::ScheduledCall final : public Event {
 public:
  ScheduledCall(Engine& engine, CallId id, std::function<void()> callback)
      : Event(engine.queue_), engine_(&engine), id_(id), callback_(std::move(callback)) {}
  void fire() override {
    const auto self = engine_->calls_.extract(id_);  // alive until the callback has returned
    callback_();
  }

 private:
  Engine* engine_;
  CallId id_;
  std::function<void()> callback_;
};

/// Drives the queue from SimGrid's clock: one kernel timer is armed at the head, and everything due happens inside its
/// callback.
class Engine::Kernel {
 public:
  Kernel(Engine& engine, const topology::Topology& topology)
      : engine_(&engine),
        simgrid_([this](double date) { pump(date); }),
        transfers_(simgrid_, engine.queue_, topology, engine.options_.max_flows_per_link) {}

  [[nodiscard]] Transfers& transfers() noexcept { return transfers_; }

  RunResult run(double horizon) {
    LABTWIN_CHECK(!is_running_, "a run inside a run");
    is_running_ = true;
    end_.reset();
    horizon_ = horizon;
    arm();
    try {
      simgrid_.run();
    } catch (const Stop&) {
    } catch (...) {
      is_running_ = false;
      throw;
    }
    is_running_ = false;
    return result();
  }

 private:
  /// Thrown out of the timer's callback: the only way out of SimGrid's loop that is exact in time and leaves what is in
  /// flight as it is.
  struct Stop {};

  [[nodiscard]] bool is_anything_pending() const noexcept { return !engine_->queue_.empty() || transfers_.is_any_flowing(); }

  void arm() {
    const double next = std::min(engine_->queue_.next_time(), horizon_);
    if (is_anything_pending() && next < std::numeric_limits<double>::infinity()) simgrid_.set_timer(next);
  }

  /// The callback of SimGrid's timer. While bytes flow, SimGrid decides what happens next, and only what is due by its clock
  /// may happen here. While nothing flows, nothing of SimGrid's can come before the next event, so events go on without it, and
  /// its clock is brought up to date when the next flow is to start: a visit to its main loop costs ten times as much as an
  /// event.
  void pump(double date) {
    EventQueue& queue = engine_->queue_;
    const double due = std::min(std::max(simgrid_.clock(), date), horizon_);
    transfers_.launch();
    while (!transfers_.is_launch_pending()) {
      Event* event = queue.pop_due(transfers_.is_any_flowing() ? due : horizon_);
      if (event == nullptr) break;
      count(queue.now(), event->key());
      event->fire();
      if (engine_->processes_.has_ended_processes()) engine_->processes_.reap();
      poll();
    }
    if (transfers_.is_launch_pending()) {
      simgrid_.set_timer(queue.now());
      return;
    }
    const bool is_horizon_reached = transfers_.is_any_flowing() ? due >= horizon_ : !queue.empty();
    if (is_horizon_reached) stop(RunEnd::Horizon);
    arm();
  }

  void count(double time, std::uint64_t key) noexcept {
    constexpr std::uint64_t kFnvPrime = 0x100000001b3ULL;
    ++num_events_;
    fingerprint_ = ((fingerprint_ ^ std::bit_cast<std::uint64_t>(time)) * kFnvPrime ^ key) * kFnvPrime;
  }

  void poll() {
    const std::atomic<bool>* interrupt = engine_->options_.interrupt;
    if (interrupt != nullptr && interrupt->load(std::memory_order_relaxed)) stop(RunEnd::Interrupted);
  }

  [[noreturn]] void stop(RunEnd end) {
    end_ = end;
    throw Stop{};
  }

  RunResult result() {
    RunResult result;
    if (end_ == RunEnd::Horizon) engine_->queue_.advance_to(horizon_);
    engine_->processes_.for_each_job([&](const std::string& name) {
      if (!end_) result.blocked_jobs.push_back(name);
    });
    result.end = end_.value_or(result.blocked_jobs.empty() ? RunEnd::Finished : RunEnd::Deadlock);
    result.reached = engine_->now();
    result.num_events = num_events_;
    result.fingerprint = fingerprint_;
    return result;
  }

  Engine* engine_;
  SimgridKernel simgrid_;
  Transfers transfers_;
  double horizon_ = 0.0;
  std::uint64_t num_events_ = 0;
  std::uint64_t fingerprint_ = 0xcbf29ce484222325ULL;
  std::optional<RunEnd> end_;
  bool is_running_ = false;
};

Engine::Engine(EngineOptions options) : Engine(topology::Topology{}, options) {}

Engine::Engine(const topology::Topology& topology, EngineOptions options)
    : options_(options), kernel_(std::make_unique<Kernel>(*this, topology)), processes_(queue_) {}

Engine::~Engine() {
  kernel_->transfers().close();
}

Transfer Engine::transfer(const topology::Route& route, Bytes bytes, const TransferOptions& options) {
  LABTWIN_CHECK(bytes >= Bytes{}, "a transfer of less than nothing");
  LABTWIN_CHECK(!options.bound || *options.bound > BytesPerSecond{}, "a transfer that may not move");
  return {kernel_->transfers(), route, bytes, options};
}

std::size_t Engine::num_flows(const topology::Route& route) const {
  return kernel_->transfers().num_flows(route);
}

void Engine::set_link_bandwidth(topology::LinkId link, BytesPerSecond bandwidth) {
  kernel_->transfers().set_bandwidth(link, bandwidth);
}

void Engine::set_link_health(topology::LinkId link, Health health) {
  kernel_->transfers().set_link_on(link, health != Health::Dead);
}

RunResult Engine::run(std::optional<Seconds> horizon) {
  const double date = horizon ? horizon->value() : std::numeric_limits<double>::infinity();
  LABTWIN_CHECK(date >= queue_.now(), "the horizon is in the past");
  return kernel_->run(date);
}

CallId Engine::schedule(Seconds at, Priority priority, std::function<void()> callback) {
  const CallId id = queue_.next_sequence();
  auto call = std::make_unique<ScheduledCall>(*this, id, std::move(callback));
  queue_.push(*call, at.value(), priority, id);
  calls_.emplace(id, std::move(call));
  return id;
}

void Engine::cancel(CallId id) noexcept {
  calls_.erase(id);
}

}  // namespace labtwin
