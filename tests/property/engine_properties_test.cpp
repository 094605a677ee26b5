// What must hold of the engine whatever runs on it: equal runs are equal, memory does not grow, a hundred thousand processes
// fit.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

#include "models/base/rng.hpp"
#include "models/topology/routes.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/resource.hpp"

namespace labtwin {
namespace {

/// Two switches and the wire between them.
topology::Topology make_lab() {
  topology::Topology lab;
  const topology::NodeId a = lab.add_node("a");
  const topology::NodeId b = lab.add_node("b");
  lab.add_link({.name = "wire", .from = a, .to = b, .bandwidth = 1000_MBps, .latency = 10_us});
  return lab;
}

/// Requests that mix everything: holds, a resource, transfers that share and queue, timeouts and cancellation.
class Mixture {
 public:
  explicit Mixture(Engine& engine, const topology::Topology& lab)
      : engine_(&engine), cores_(engine, {.num_servers = 3}), route_(topology::route(lab, 0, 1)) {}

  Task<> arrivals(std::uint64_t num_requests) {
    for (std::uint64_t i = 0; i < num_requests; ++i) {
      const Seconds gap = Seconds::from_base(2e-3 * gaps_.uniform(i));
      co_await engine_->hold(gap);
      const Process request = engine_->spawn("request", live(i));
      if (i % 50 == 0) request.cancel();
    }
  }

 private:
  Task<bool> compute(std::uint64_t index) {
    const SeizeResult got = co_await cores_.seize();
    co_await engine_->hold(Seconds::from_base(4e-3 * works_.uniform(index)));
    co_return true;
  }
  Task<> live(std::uint64_t index) {
    Task<bool> work = compute(index);
    const std::optional<bool> done = co_await engine_->with_timeout(std::move(work), 8_ms);
    const double size = done ? 1e6 : 1e5;
    co_await engine_->transfer(route_, Bytes::from_base(size * sizes_.uniform(index)));
  }

  Engine* engine_;
  Resource cores_;
  topology::Route route_;
  RandomStream gaps_ = RandomSource(1, 0).stream("gap");
  RandomStream works_ = RandomSource(1, 0).stream("work");
  RandomStream sizes_ = RandomSource(1, 0).stream("size");
};

/// Runs the mixture in a process of its own, with `ballast` bytes on the heap to move every address.
std::array<std::uint64_t, 2> run_in_child(std::size_t ballast) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string padding(ballast, 'x');
    const topology::Topology lab = make_lab();
    Engine engine(lab);
    Mixture mixture(engine, lab);
    engine.spawn("arrivals", mixture.arrivals(2000));
    const RunResult result = engine.run();
    const std::array<std::uint64_t, 2> answer{result.num_events, result.fingerprint};
    const bool is_written = write(ends[1], answer.data(), sizeof answer) == static_cast<ssize_t>(sizeof answer);
    _exit(is_written ? 0 : 1);
  }
  std::array<std::uint64_t, 2> answer{};
  EXPECT_EQ(read(ends[0], answer.data(), sizeof answer), static_cast<ssize_t>(sizeof answer));
  close(ends[0]);
  close(ends[1]);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return answer;
}

TEST(EngineProperties, EqualRunsAreEqualEventForEvent) {
  const auto first = run_in_child(0);
  EXPECT_GT(first[0], 8000U);
  EXPECT_EQ(first, run_in_child(0));
  EXPECT_EQ(first, run_in_child(1'000'003));
}

std::size_t resident_bytes() {
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(EngineProperties, MemoryIsConstantOverAMillionEvents) {
  const topology::Topology lab = make_lab();
  Engine engine(lab);
  Mixture mixture(engine, lab);
  engine.spawn("arrivals", mixture.arrivals(240'000));
  engine.run(17_s);
  const std::size_t early = resident_bytes();
  const RunResult result = engine.run();
  EXPECT_GT(result.num_events, 1'000'000U);
  EXPECT_LT(resident_bytes(), early + 512 * 1024);
}

TEST(EngineProperties, AHundredThousandProcessesAreTensOfMegabytes) {
  Engine engine;
  const std::size_t before = resident_bytes();
  auto wait = [](Engine& e, double delay) -> Task<> {
    co_await e.hold(Seconds::from_base(delay));
    co_await e.hold(1_s);
  };
  constexpr int kNumProcesses = 100'000;
  for (int i = 0; i < kNumProcesses; ++i) engine.spawn("request", wait(engine, 10.0 + (i * 7919 % 1000)));
  engine.run(5_s);
  EXPECT_LT(resident_bytes() - before, std::size_t{60} * 1024 * 1024);
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
}

}  // namespace
}  // namespace labtwin
