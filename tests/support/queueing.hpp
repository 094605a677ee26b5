#pragma once

// Queues of the textbooks on labtwin's engine: independent replications run side by side in one engine, each with its own
// random numbers, and their means are compared with theory by a confidence interval.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/base/rng.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/processor_sharing.hpp"
#include "sim/process/resource.hpp"

namespace labtwin::test {

/// From a uniform variate to a service time.
using Distribution = std::function<Seconds(double uniform)>;

inline Distribution exponential(Seconds mean) {
  return [mean](double u) { return mean * -std::log(u); };
}
inline Distribution deterministic(Seconds value) {
  return [value](double /*u*/) { return value; };
}
/// Mostly short, sometimes long: half of the work in one of ten, squared coefficient of variation 5.6.
inline Distribution hyperexponential(Seconds mean) {
  return [mean](double u) {
    constexpr double kLong = 0.1;
    const bool is_long = u < kLong;
    const double rest = is_long ? u / kLong : (u - kLong) / (1.0 - kLong);
    const double share = is_long ? kLong : 1.0 - kLong;
    return mean * (-std::log(rest) * 0.5 / share);
  };
}

/// What one replication saw of customers after the warm-up.
struct Seen {
  double sojourn_sum = 0.0;
  std::uint64_t num_completed = 0;
  std::uint64_t num_refused = 0;
  [[nodiscard]] double mean_sojourn() const { return sojourn_sum / static_cast<double>(num_completed); }
  [[nodiscard]] double refused_fraction() const {
    return static_cast<double>(num_refused) / static_cast<double>(num_refused + num_completed);
  }
};

/// How a customer is served; returns whether it was.
using Service = std::function<Task<bool>(Seconds work)>;

struct QueueOptions {
  PerSecond arrival_rate;
  Distribution service;
  std::uint64_t num_customers = 20000;
  std::uint64_t num_warm_up = 2000;
};

/// Poisson customers of one replication.
class Customers {
 public:
  Customers(Engine& engine, const QueueOptions& options, Service service, std::uint64_t replication)
      : engine_(&engine), options_(options), service_(std::move(service)), random_(7, replication) {
    engine.spawn("arrivals", arrive());
  }
  [[nodiscard]] const Seen& seen() const { return seen_; }

 private:
  Task<> arrive() {
    for (std::uint64_t i = 0; i < options_.num_customers; ++i) {
      co_await engine_->hold(-std::log(gaps_.uniform(i)) / options_.arrival_rate);
      engine_->spawn("customer", live(i));
    }
  }
  Task<> live(std::uint64_t index) {
    const Seconds arrived = engine_->now();
    Task<bool> service = service_(options_.service(works_.uniform(index)));
    const bool is_served = co_await service;
    if (index < options_.num_warm_up) co_return;
    if (is_served) {
      seen_.sojourn_sum += (engine_->now() - arrived).value();
      ++seen_.num_completed;
    } else {
      ++seen_.num_refused;
    }
  }

  Engine* engine_;
  QueueOptions options_;
  Service service_;
  RandomSource random_;
  RandomStream gaps_ = random_.stream("gap");
  RandomStream works_ = random_.stream("work");
  Seen seen_;
};

inline Task<bool> seize_and_hold(Engine& engine, Resource& servers, Seconds work) {
  const SeizeResult got = co_await servers.seize();
  if (got.outcome != Outcome::Completed) co_return false;
  co_await engine.hold(work);
  co_return true;
}

inline Task<bool> share(ProcessorSharing& servers, Seconds work) {
  const ServeResult done = co_await servers.serve(work, 0);
  co_return done.outcome == Outcome::Completed;
}

inline constexpr std::size_t kNumReplications = 20;

/// Twenty independent replications of a queue with these servers.
inline std::vector<Seen> replicate(const QueueOptions& queue, const ResourceOptions& servers) {
  Engine engine;
  std::vector<std::unique_ptr<Resource>> resources;
  std::vector<std::unique_ptr<Customers>> customers;
  for (std::size_t r = 0; r < kNumReplications; ++r) {
    Resource& resource = *resources.emplace_back(std::make_unique<Resource>(engine, servers));
    Service service = [&engine, &resource](Seconds work) { return seize_and_hold(engine, resource, work); };
    customers.push_back(std::make_unique<Customers>(engine, queue, std::move(service), r));
  }
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
  std::vector<Seen> seen;
  for (const auto& replication : customers) seen.push_back(replication->seen());
  return seen;
}

/// The same for one server that all share.
inline std::vector<Seen> replicate_shared(const QueueOptions& queue) {
  Engine engine;
  std::vector<std::unique_ptr<ProcessorSharing>> servers;
  std::vector<std::unique_ptr<Customers>> customers;
  for (std::size_t r = 0; r < kNumReplications; ++r) {
    ProcessorSharing& server = *servers.emplace_back(std::make_unique<ProcessorSharing>(engine, 1));
    customers.push_back(std::make_unique<Customers>(
        engine, queue, [&server](Seconds work) { return share(server, work); }, r));
  }
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
  std::vector<Seen> seen;
  for (const auto& replication : customers) seen.push_back(replication->seen());
  return seen;
}

/// Expects theory inside the 99.9 % confidence interval of the replications' mean, and the interval narrow enough to tell
/// theory from theory + 5 %.
inline void expect_mean(const std::vector<double>& replications, double theory) {
  constexpr double kStudent = 3.883;  // 0.9995 quantile, 19 degrees of freedom
  ASSERT_EQ(replications.size(), kNumReplications);
  const auto n = static_cast<double>(kNumReplications);
  double mean = 0.0;
  for (double value : replications) mean += value / n;
  double variance = 0.0;
  for (double value : replications) variance += (value - mean) * (value - mean) / (n - 1.0);
  const double half_width = kStudent * std::sqrt(variance / n);
  EXPECT_NEAR(mean, theory, half_width);
  EXPECT_LT(half_width, 0.05 * theory);
  std::printf("mean %.5g +- %.2g (99.9 %%), theory %.5g\n", mean, half_width, theory);
}

inline std::vector<double> mean_sojourns(const std::vector<Seen>& seen) {
  std::vector<double> means;
  for (const Seen& replication : seen) means.push_back(replication.mean_sojourn());
  return means;
}

}  // namespace labtwin::test
