// Queues whose answer is known. Each test compares twenty replications with theory at 99.9 % confidence.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/queueing.hpp"

namespace labtwin::test {
namespace {

constexpr Seconds kMeanService = 1_s;

/// Probability that an arrival has to wait in an M/M/c queue that is offered `load` (lambda / mu).
double erlang_c(int servers, double load) {
  double blocking = 1.0;  // Erlang B by its recursion
  for (int i = 1; i <= servers; ++i) blocking = load * blocking / (i + load * blocking);
  const double utilization = load / servers;
  return blocking / (1.0 - utilization * (1.0 - blocking));
}

TEST(Queueing, MM1SojournIsServiceOverIdleFraction) {
  const auto seen = replicate({.arrival_rate = 0.7_per_s, .service = exponential(kMeanService)}, {.num_servers = 1});
  expect_mean(mean_sojourns(seen), 1.0 / (1.0 - 0.7));
}

TEST(Queueing, MMcWaitsAsErlangCSays) {
  constexpr int kServers = 4;
  constexpr double kLoad = 3.2;
  const auto seen = replicate({.arrival_rate = 3.2_per_s, .service = exponential(kMeanService), .num_customers = 60000},
                              {.num_servers = kServers});
  expect_mean(mean_sojourns(seen), 1.0 + erlang_c(kServers, kLoad) / (kServers - kLoad));
}

TEST(Queueing, MD1WaitsHalfAsLongAsMM1) {
  // Pollaczek-Khinchine: W = S + rho S (1 + cv^2) / (2 (1 - rho)), cv = 0.
  const auto seen = replicate({.arrival_rate = 0.7_per_s, .service = deterministic(kMeanService)}, {.num_servers = 1});
  expect_mean(mean_sojourns(seen), 1.0 + 0.7 / (2.0 * 0.3));
}

TEST(Queueing, MG1WaitsAsPollaczekAndKhinchineSay) {
  // The second moment of the hyperexponential: 2 x (0.1 x 5^2 + 0.9 x (5/9)^2).
  const double second_moment = 2.0 * (0.1 * 25.0 + 0.9 * 25.0 / 81.0);
  const auto seen = replicate({.arrival_rate = 0.5_per_s, .service = hyperexponential(kMeanService), .num_customers = 60000},
                              {.num_servers = 1});
  expect_mean(mean_sojourns(seen), 1.0 + 0.5 * second_moment / (2.0 * 0.5));
}

/// M/G/1-PS: W = S / (1 - rho), whatever the distribution of service. One engine per process, so one test per distribution.
void expect_insensitive(const Distribution& service) {
  const auto seen = replicate_shared({.arrival_rate = 0.6_per_s, .service = service});
  expect_mean(mean_sojourns(seen), 1.0 / (1.0 - 0.6));
}

TEST(Queueing, MM1PSSojournIsServiceOverIdleFraction) {
  expect_insensitive(exponential(kMeanService));
}

TEST(Queueing, MD1PSSojournIsThatOfMM1PS) {
  expect_insensitive(deterministic(kMeanService));
}

TEST(Queueing, MG1PSSojournIsThatOfMM1PS) {
  expect_insensitive(hyperexponential(kMeanService));
}

TEST(Queueing, MM1KRefusesTheFractionThatFindsItFull) {
  constexpr int kPlaces = 5;
  constexpr double kLoad = 0.8;
  const auto seen = replicate({.arrival_rate = 0.8_per_s, .service = exponential(kMeanService)},
                              {.num_servers = 1, .queue_limit = kPlaces - 1});
  std::vector<double> refused;
  for (const Seen& replication : seen) refused.push_back(replication.refused_fraction());
  expect_mean(refused, (1.0 - kLoad) * std::pow(kLoad, kPlaces) / (1.0 - std::pow(kLoad, kPlaces + 1)));
}

TEST(Queueing, LittlesLawHoldsExactlyOnARunThatStartsAndEndsEmpty) {
  Engine engine;
  Resource servers(engine, {.num_servers = 3});
  const QueueOptions queue{.arrival_rate = 2.7_per_s, .service = exponential(kMeanService), .num_warm_up = 0};
  const Customers customers(
      engine, queue, [&](Seconds work) { return seize_and_hold(engine, servers, work); }, 0);
  engine.run();
  const ResourceStatistics& seen = servers.statistics();
  const double in_system = (seen.busy_time + seen.waiting_time).value();
  EXPECT_NEAR(in_system, customers.seen().sojourn_sum, 1e-9 * in_system);
  EXPECT_EQ(seen.num_requests, queue.num_customers);
  EXPECT_EQ(seen.num_granted, queue.num_customers);
}

}  // namespace
}  // namespace labtwin::test
