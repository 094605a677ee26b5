#pragma once

// The same events on different engines. Each loop is run in a process of its own (SimGrid keeps its clock), returns what it
// computed, so that the engines can be seen to agree, and does not count the start of the engine as work.

#include <cmath>
#include <cstdint>

#include "models/base/rng.hpp"

namespace labtwin::benchmarks {

/// A queue with four servers at 80 % load: per customer one gap and one service.
inline constexpr int kNumServers = 4;
inline constexpr double kArrivalRate = 3.2;

/// The random numbers of all loops, so that all see the same customers.
class Luck {
 public:
  [[nodiscard]] double gap(std::uint64_t customer) const { return -std::log(gaps_.uniform(customer)) / kArrivalRate; }
  [[nodiscard]] double work(std::uint64_t customer) const { return -std::log(works_.uniform(customer)); }

 private:
  RandomStream gaps_ = RandomSource(1, 0).stream("gap");
  RandomStream works_ = RandomSource(1, 0).stream("work");
};

struct LoopResult {
  double cpu_seconds = 0.0;
  double answer = 0.0;  ///< mean sojourn of the queue; last date of the other loops
};

/// CPU time of this process so far.
[[nodiscard]] double cpu_seconds();

[[nodiscard]] LoopResult queue_on_labtwin(std::uint64_t num_customers);
[[nodiscard]] LoopResult queue_on_simgrid_actors(std::uint64_t num_customers);
[[nodiscard]] LoopResult queue_on_simgrid_timers(std::uint64_t num_customers);
[[nodiscard]] LoopResult queue_on_plain_heap(std::uint64_t num_customers);

/// A thousand processes that do nothing but wait.
inline constexpr std::uint64_t kNumHolders = 1000;
[[nodiscard]] LoopResult holds_on_labtwin(std::uint64_t num_holds);
[[nodiscard]] LoopResult holds_on_simgrid_actors(std::uint64_t num_holds);
[[nodiscard]] LoopResult holds_on_simgrid_timers(std::uint64_t num_holds);

/// Four senders that share two links.
inline constexpr std::uint64_t kNumSenders = 4;
[[nodiscard]] LoopResult transfers_on_labtwin(std::uint64_t num_transfers);
[[nodiscard]] LoopResult transfers_on_simgrid_actors(std::uint64_t num_transfers);

}  // namespace labtwin::benchmarks
