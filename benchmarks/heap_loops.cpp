// The floor: a queue of dates and nothing else, which no simulator with processes can undercut.

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "benchmarks/loops.hpp"

namespace labtwin::benchmarks {

LoopResult queue_on_plain_heap(std::uint64_t num_customers) {
  struct Departure {
    double date;
    double arrived;
    bool operator>(const Departure& other) const { return date > other.date; }
  };
  const Luck luck;
  std::priority_queue<Departure, std::vector<Departure>, std::greater<>> departures;
  std::queue<std::pair<std::uint64_t, double>> waiting;
  double sojourn_sum = 0.0;
  const double start = cpu_seconds();
  std::uint64_t next_customer = 0;
  double next_arrival = luck.gap(0);
  while (next_customer < num_customers || !departures.empty()) {
    double now = 0.0;
    if (next_customer < num_customers && (departures.empty() || next_arrival <= departures.top().date)) {
      now = next_arrival;
      waiting.emplace(next_customer++, now);
      if (next_customer < num_customers) next_arrival = now + luck.gap(next_customer);
    } else {
      now = departures.top().date;
      sojourn_sum += now - departures.top().arrived;
      departures.pop();
    }
    while (departures.size() < kNumServers && !waiting.empty()) {
      const auto [customer, arrived] = waiting.front();
      waiting.pop();
      departures.push({.date = now + luck.work(customer), .arrived = arrived});
    }
  }
  return {.cpu_seconds = cpu_seconds() - start, .answer = sojourn_sum / static_cast<double>(num_customers)};
}

}  // namespace labtwin::benchmarks
