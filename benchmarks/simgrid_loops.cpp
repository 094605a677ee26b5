// The yardstick: the same events written for SimGrid 3.32 directly, as its users would.

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

#include <xbt/log.h>
#include <array>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "benchmarks/loops.hpp"

namespace labtwin::benchmarks {
namespace {

namespace sg4 = simgrid::s4u;
using simgrid::kernel::timer::Timer;

/// A SimGrid configured as labtwin's, with two hosts and two links between them.
class Simulation {
 public:
  Simulation() {
    sg4::Engine::set_config("network/model:CM02");
    sg4::Engine::set_config("network/crosstraffic", false);
    sg4::Engine::set_config("network/TCP-gamma", 0.0);
    sg4::Engine::set_config("contexts/stack-size", 64);
    sg4::NetZone* zone = sg4::create_full_zone("lab");
    from = zone->create_host("from", 1.0);
    to = zone->create_host("to", 1.0);
    sg4::SplitDuplexLink* ab = zone->create_split_duplex_link("ab", 1e9);
    sg4::SplitDuplexLink* bc = zone->create_split_duplex_link("bc", 2e9);
    ab->set_latency(1e-6)->seal();
    bc->set_latency(1e-6)->seal();
    const auto up = sg4::LinkInRoute::Direction::UP;
    zone->add_route(from->get_netpoint(), to->get_netpoint(), nullptr, nullptr,
                    {sg4::LinkInRoute(ab, up), sg4::LinkInRoute(bc, up)});
    zone->seal();
  }
  [[nodiscard]] LoopResult run() {
    const double start = cpu_seconds();
    engine_->run();
    return {.cpu_seconds = cpu_seconds() - start, .answer = sg4::Engine::get_clock()};
  }

  sg4::Host* from = nullptr;
  sg4::Host* to = nullptr;

 private:
  static std::unique_ptr<sg4::Engine> make_engine() {
    xbt_log_control_set("root.thres:critical");
    int argc = 1;
    static std::string name = "bare";
    std::array<char*, 2> argv{name.data(), nullptr};
    return std::make_unique<sg4::Engine>(&argc, argv.data());
  }
  std::unique_ptr<sg4::Engine> engine_ = make_engine();
};

/// An M/M/c queue of timers: an arrival and a departure each are a callback.
class TimerQueue {
 public:
  explicit TimerQueue(std::uint64_t num_customers) : num_customers_(num_customers) { set_arrival(0); }
  [[nodiscard]] double sojourn_sum() const { return sojourn_sum_; }

 private:
  struct Customer {
    std::uint64_t number;
    double arrived;
  };
  void set_arrival(std::uint64_t number) {
    if (number == num_customers_) return;
    Timer::set(sg4::Engine::get_clock() + luck_.gap(number), [this, number] {
      waiting_.push({number, sg4::Engine::get_clock()});
      serve();
      set_arrival(number + 1);
    });
  }
  void serve() {
    while (num_busy_ < kNumServers && !waiting_.empty()) {
      const Customer customer = waiting_.front();
      waiting_.pop();
      ++num_busy_;
      Timer::set(sg4::Engine::get_clock() + luck_.work(customer.number), [this, customer] {
        --num_busy_;
        sojourn_sum_ += sg4::Engine::get_clock() - customer.arrived;
        serve();
      });
    }
  }

  std::uint64_t num_customers_;
  Luck luck_;
  std::queue<Customer> waiting_;
  int num_busy_ = 0;
  double sojourn_sum_ = 0.0;
};

struct HoldTimer {
  void set() {
    if (left-- == 0) return;
    Timer::set(sg4::Engine::get_clock() + duration, [this] { set(); });
  }
  double duration;
  std::uint64_t left;
};

double hold_duration(std::uint64_t holder) {
  return 1.0 + static_cast<double>(holder) / 7919.0;
}

}  // namespace

LoopResult queue_on_simgrid_actors(std::uint64_t num_customers) {
  Simulation simulation;
  const Luck luck;
  std::queue<std::pair<std::uint64_t, double>> waiting;
  const sg4::SemaphorePtr customers = sg4::Semaphore::create(0);
  double sojourn_sum = 0.0;
  sg4::Actor::create("arrivals", simulation.from, [&] {
    for (std::uint64_t i = 0; i < num_customers; ++i) {
      sg4::this_actor::sleep_for(luck.gap(i));
      waiting.emplace(i, sg4::Engine::get_clock());
      customers->release();
    }
  });
  for (int s = 0; s < kNumServers; ++s) {
    sg4::ActorPtr server = sg4::Actor::create("server", simulation.from, [&] {
      for (;;) {
        customers->acquire();
        const auto [number, arrived] = waiting.front();
        waiting.pop();
        sg4::this_actor::sleep_for(luck.work(number));
        sojourn_sum += sg4::Engine::get_clock() - arrived;
      }
    });
    server->daemonize();
  }
  // The daemons end with the last other actor, so that one waits until the queue has drained.
  sg4::Actor::create("closing", simulation.from,
                     [&] { sg4::this_actor::sleep_for(static_cast<double>(num_customers) / kArrivalRate * 1.1 + 100.0); });
  LoopResult result = simulation.run();
  result.answer = sojourn_sum / static_cast<double>(num_customers);
  return result;
}

LoopResult queue_on_simgrid_timers(std::uint64_t num_customers) {
  Simulation simulation;
  const TimerQueue queue(num_customers);
  LoopResult result = simulation.run();
  result.answer = queue.sojourn_sum() / static_cast<double>(num_customers);
  return result;
}

LoopResult holds_on_simgrid_actors(std::uint64_t num_holds) {
  Simulation simulation;
  for (std::uint64_t h = 0; h < kNumHolders; ++h) {
    sg4::Actor::create("holder", simulation.from, [h, num_holds] {
      for (std::uint64_t i = 0; i < num_holds / kNumHolders; ++i) sg4::this_actor::sleep_for(hold_duration(h));
    });
  }
  return simulation.run();
}

LoopResult holds_on_simgrid_timers(std::uint64_t num_holds) {
  Simulation simulation;
  std::vector<HoldTimer> timers;
  for (std::uint64_t h = 0; h < kNumHolders; ++h) {
    timers.push_back({.duration = hold_duration(h), .left = num_holds / kNumHolders});
  }
  for (HoldTimer& timer : timers) timer.set();
  return simulation.run();
}

LoopResult transfers_on_simgrid_actors(std::uint64_t num_transfers) {
  Simulation simulation;
  for (std::uint64_t s = 0; s < kNumSenders; ++s) {
    sg4::Actor::create("sender", simulation.from, [&simulation, s, num_transfers] {
      for (std::uint64_t i = 0; i < num_transfers / kNumSenders; ++i) {
        sg4::Comm::sendto(simulation.from, simulation.to, 1'000'000 + 1'000 * s);
      }
    });
  }
  return simulation.run();
}

}  // namespace labtwin::benchmarks
