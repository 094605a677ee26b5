#include <ctime>

#include "benchmarks/loops.hpp"
#include "models/topology/routes.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/resource.hpp"

namespace labtwin::benchmarks {
namespace {

LoopResult run(Engine& engine) {
  const double start = cpu_seconds();
  engine.run();
  return {.cpu_seconds = cpu_seconds() - start, .answer = engine.now().value()};
}

class Queue {
 public:
  explicit Queue(Engine& engine) : engine_(&engine), servers_(engine, {.num_servers = kNumServers}) {}

  Task<> arrive(std::uint64_t num_customers) {
    for (std::uint64_t i = 0; i < num_customers; ++i) {
      co_await engine_->hold(Seconds::from_base(luck_.gap(i)));
      engine_->spawn("customer", live(i));
    }
  }
  [[nodiscard]] double sojourn_sum() const { return sojourn_sum_; }

 private:
  Task<> live(std::uint64_t customer) {
    const double arrived = engine_->now().value();
    const SeizeResult got = co_await servers_.seize();
    co_await engine_->hold(Seconds::from_base(luck_.work(customer)));
    sojourn_sum_ += engine_->now().value() - arrived;
  }

  Engine* engine_;
  Resource servers_;
  Luck luck_;
  double sojourn_sum_ = 0.0;
};

Task<> hold_often(Engine& engine, std::uint64_t holder, std::uint64_t num_holds) {
  const Seconds duration = Seconds::from_base(1.0 + static_cast<double>(holder) / 7919.0);
  for (std::uint64_t i = 0; i < num_holds; ++i) co_await engine.hold(duration);
}

Task<> send_often(Engine& engine, const topology::Route& route, std::uint64_t sender, std::uint64_t num_transfers) {
  const Bytes bytes = Bytes::from_base(1e6 + 1e3 * static_cast<double>(sender));
  for (std::uint64_t i = 0; i < num_transfers; ++i) co_await engine.transfer(route, bytes);
}

}  // namespace

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

LoopResult queue_on_labtwin(std::uint64_t num_customers) {
  Engine engine;
  Queue queue(engine);
  engine.spawn("arrivals", queue.arrive(num_customers));
  LoopResult result = run(engine);
  result.answer = queue.sojourn_sum() / static_cast<double>(num_customers);
  return result;
}

LoopResult holds_on_labtwin(std::uint64_t num_holds) {
  Engine engine;
  for (std::uint64_t i = 0; i < kNumHolders; ++i) engine.spawn("holder", hold_often(engine, i, num_holds / kNumHolders));
  return run(engine);
}

LoopResult transfers_on_labtwin(std::uint64_t num_transfers) {
  topology::Topology lab;
  const topology::NodeId a = lab.add_node("a");
  const topology::NodeId b = lab.add_node("b");
  const topology::NodeId c = lab.add_node("c");
  lab.add_link({.name = "ab", .from = a, .to = b, .bandwidth = 1000_MBps, .latency = 1_us});
  lab.add_link({.name = "bc", .from = b, .to = c, .bandwidth = 2000_MBps, .latency = 1_us});
  const topology::Route route = topology::route(lab, a, c);
  Engine engine(lab);
  for (std::uint64_t i = 0; i < kNumSenders; ++i) {
    engine.spawn("sender", send_often(engine, route, i, num_transfers / kNumSenders));
  }
  return run(engine);
}

}  // namespace labtwin::benchmarks
