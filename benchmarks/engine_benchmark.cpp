// What an event costs: the same queue, waits and transfers on labtwin's engine, on SimGrid alone, on a bare heap and in SimPy.
// Every loop is run by a child process; the time that counts is the child's CPU time from the first to the last event. Options
// are those of Google Benchmark. The table at the end takes the best repetition of each.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/loops.hpp"

namespace labtwin::benchmarks {
namespace {

using Loop = LoopResult (*)(std::uint64_t);

struct Contender {
  const char* group;
  const char* name;
  Loop loop;
  std::uint64_t num_rounds;        ///< customers, holds or transfers
  std::uint64_t events_per_round;  ///< dates at which something is timed
};

constexpr std::array<Contender, 9> kContenders{{
    {"queue", "SimGrid, actors", &queue_on_simgrid_actors, 200'000, 2},
    {"queue", "SimGrid, timers", &queue_on_simgrid_timers, 200'000, 2},
    {"queue", "labtwin", &queue_on_labtwin, 200'000, 2},
    {"queue", "bare heap", &queue_on_plain_heap, 200'000, 2},
    {"waits", "SimGrid, actors", &holds_on_simgrid_actors, 500'000, 1},
    {"waits", "SimGrid, timers", &holds_on_simgrid_timers, 500'000, 1},
    {"waits", "labtwin", &holds_on_labtwin, 500'000, 1},
    {"transfers", "SimGrid, actors", &transfers_on_simgrid_actors, 100'000, 1},
    {"transfers", "labtwin", &transfers_on_labtwin, 100'000, 1},
}};

struct Score {
  double seconds_per_event = 0.0;
  double answer = 0.0;
};

/// Best scores by group and name.
std::map<std::pair<std::string, std::string>, Score>& scores() {
  static std::map<std::pair<std::string, std::string>, Score> best;
  return best;
}

void note(const std::string& group, const std::string& name, const Score& score) {
  const auto [place, is_new] = scores().try_emplace({group, name}, score);
  if (!is_new && score.seconds_per_event < place->second.seconds_per_event) place->second = score;
}

LoopResult run_in_child(Loop loop, std::uint64_t num_rounds) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const LoopResult result = loop(num_rounds);
    const bool is_written = write(ends[1], &result, sizeof result) == static_cast<ssize_t>(sizeof result);
    _exit(is_written ? 0 : 1);
  }
  close(ends[1]);
  LoopResult result;
  const bool is_read = read(ends[0], &result, sizeof result) == static_cast<ssize_t>(sizeof result);
  close(ends[0]);
  int status = -1;
  waitpid(child, &status, 0);
  if (!is_read || status != 0) std::abort();
  return result;
}

void run_benchmark(benchmark::State& state, const Contender& contender) {
  const auto num_events = static_cast<double>(contender.num_rounds * contender.events_per_round);
  for ([[maybe_unused]] auto iteration : state) {
    const LoopResult result = run_in_child(contender.loop, contender.num_rounds);
    state.SetIterationTime(result.cpu_seconds);
    note(contender.group, contender.name, {.seconds_per_event = result.cpu_seconds / num_events, .answer = result.answer});
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(num_events) * static_cast<std::int64_t>(state.iterations()));
}

/// SimPy, if a Python that has it is named by LABTWIN_BENCHMARK_PYTHON.
void run_simpy() {
  const char* python = std::getenv("LABTWIN_BENCHMARK_PYTHON");
  if (python == nullptr) return;
  const std::string command = fmt::format("'{}' '{}/benchmarks/simpy_queue.py' 50000", python, LABTWIN_SOURCE_DIR);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  Score score;
  if (pipe && std::fscanf(pipe.get(), "%lf %lf", &score.seconds_per_event, &score.answer) == 2) note("queue", "SimPy", score);
}

void print_table() {
  fmt::print("\n{:<10} {:<16} {:>10} {:>12} {:>16} {:>12}\n", "loop", "engine", "ns/event", "events/s", "x SimGrid actors",
             "answer");
  for (const char* group : {"queue", "waits", "transfers"}) {
    const auto yardstick = scores().find({group, "SimGrid, actors"});
    for (const char* name : {"SimGrid, actors", "SimGrid, timers", "labtwin", "bare heap", "SimPy"}) {
      const auto score = scores().find({group, name});
      if (score == scores().end()) continue;
      const double seconds = score->second.seconds_per_event;
      const std::string ratio =
          yardstick == scores().end() ? "" : fmt::format("{:.2f}", seconds / yardstick->second.seconds_per_event);
      fmt::print("{:<10} {:<16} {:>10.0f} {:>12.0f} {:>16} {:>12.6g}\n", group, name, seconds * 1e9, 1.0 / seconds, ratio,
                 score->second.answer);
    }
  }
}

}  // namespace
}  // namespace labtwin::benchmarks

int main(int argc, char** argv) {
  using namespace labtwin::benchmarks;
  // The contenders take turns, so that a busy minute slows all of them alike.
  std::vector<char*> arguments(argv, argv + argc);
  std::string take_turns = "--benchmark_enable_random_interleaving=true";
  arguments.insert(arguments.begin() + 1, take_turns.data());
  argc = static_cast<int>(arguments.size());
  benchmark::Initialize(&argc, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(argc, arguments.data())) return 1;
  for (const Contender& contender : kContenders) {
    const std::string name = fmt::format("{}/{}", contender.group, contender.name);
    benchmark::RegisterBenchmark(name.c_str(), [&contender](benchmark::State& state) { run_benchmark(state, contender); })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(5)
        ->DisplayAggregatesOnly()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  run_simpy();
  print_table();
  return 0;
}
