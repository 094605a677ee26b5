// Properties of resources, sharing and recording, over random inputs.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <vector>

#include "models/topology/routes.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/processor_sharing.hpp"
#include "sim/process/recorder.hpp"
#include "sim/process/resource.hpp"

namespace labtwin {
namespace {

struct Job {
  Seconds gap;  ///< since the job before
  Seconds work;
  OwnerId owner = 0;
  int priority = 0;
  std::optional<Seconds> timeout{};
};

rc::Gen<std::vector<Job>> jobs(bool with_timeouts) {
  const auto duration = [](int limit) {
    return rc::gen::map(rc::gen::inRange(0, limit), [](int ms) { return Seconds::from_base(ms * 1e-3); });
  };
  const auto timeout = rc::gen::map(rc::gen::inRange(0, 400), [with_timeouts](int ms) {
    return with_timeouts && ms < 100 ? std::optional<Seconds>(Seconds::from_base(ms * 1e-3)) : std::nullopt;
  });
  return rc::gen::container<std::vector<Job>>(
      rc::gen::build<Job>(rc::gen::set(&Job::gap, duration(30)), rc::gen::set(&Job::work, duration(60)),
                          rc::gen::set(&Job::owner, rc::gen::inRange<OwnerId>(0, 4)),
                          rc::gen::set(&Job::priority, rc::gen::inRange(0, 3)), rc::gen::set(&Job::timeout, timeout)));
}

double sum(const Causes& causes) {
  return std::accumulate(causes.begin(), causes.end(), 0.0,
                         [](double total, const Cause& cause) { return total + cause.duration.value(); });
}

/// All cases of a property run one after the other in the one engine of this process.
Engine& the_engine() {
  static topology::Topology lab = [] {
    topology::Topology made;
    const topology::NodeId a = made.add_node("a");
    const topology::NodeId b = made.add_node("b");
    made.add_link({.name = "wire", .from = a, .to = b, .bandwidth = 1000_MBps, .latency = 1_us});
    return made;
  }();
  static Engine engine(lab);
  return engine;
}

struct JobEnd {
  Outcome outcome = Outcome::Cancelled;
  double arrived = 0.0;
  double started = 0.0;
  double ended = 0.0;
  Causes causes;
};

Task<> seize_and_work(Engine& engine, Resource& servers, Job job, JobEnd& end) {
  end.arrived = engine.now().value();
  SeizeResult got = co_await servers.seize({.owner = job.owner, .priority = job.priority, .timeout = job.timeout});
  end.started = engine.now().value();
  end.outcome = got.outcome;
  end.causes = got.causes;
  if (got.outcome == Outcome::Completed) co_await engine.hold(job.work);
  end.ended = engine.now().value();
}

template <class Start>
Task<> arrive(Engine& engine, const std::vector<Job>& jobs, Start start) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    co_await engine.hold(jobs[i].gap);
    start(i);
  }
}

std::vector<JobEnd> run_on(Resource& servers, const std::vector<Job>& jobs) {
  Engine& engine = the_engine();
  std::vector<JobEnd> ends(jobs.size());
  const auto start = [&](std::size_t i) { engine.spawn("job", seize_and_work(engine, servers, jobs[i], ends[i])); };
  engine.spawn("arrivals", arrive(engine, jobs, start));
  engine.run();
  return ends;
}

RC_GTEST_PROP(ResourceProperties, EveryRequestEndsInOneWayAndAllServersComeBack, ()) {
  const std::vector<Job> work = *jobs(true);
  const auto discipline = *rc::gen::element(Discipline::Fifo, Discipline::Priority);
  const auto servers = *rc::gen::inRange<std::size_t>(1, 4);
  const auto places = *rc::gen::inRange<std::size_t>(0, 10);
  const std::optional<std::size_t> limit = places < 5 ? std::optional(places) : std::nullopt;
  Resource resource(the_engine(), {.num_servers = servers, .discipline = discipline, .queue_limit = limit});
  const std::vector<JobEnd> ends = run_on(resource, work);
  const ResourceStatistics& seen = resource.statistics();
  RC_ASSERT(seen.num_requests == work.size());
  RC_ASSERT(seen.num_requests == seen.num_granted + seen.num_rejected + seen.num_timed_out);
  RC_ASSERT(seen.num_busy == 0U);
  RC_ASSERT(seen.num_waiting == 0U);
  double busy = 0.0;
  double waited = 0.0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double wait = ends[i].started - ends[i].arrived;
    waited += wait;
    if (ends[i].outcome == Outcome::Completed) busy += work[i].work.value();
    RC_ASSERT(std::abs(sum(ends[i].causes) - wait) < 1e-9);
    if (ends[i].outcome == Outcome::TimedOut) RC_ASSERT(std::abs(wait - work[i].timeout->value()) < 1e-9);
  }
  RC_ASSERT(std::abs(seen.busy_time.value() - busy) < 1e-9);
  RC_ASSERT(std::abs(seen.waiting_time.value() - waited) < 1e-9);
}

RC_GTEST_PROP(ResourceProperties, FifoServesAsTheRecursionOfKieferAndWolfowitz, ()) {
  const std::vector<Job> work = *jobs(false);
  const auto num_servers = *rc::gen::inRange<std::size_t>(1, 4);
  Resource resource(the_engine(), {.num_servers = num_servers});
  const std::vector<JobEnd> ends = run_on(resource, work);
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (std::size_t i = 0; i < num_servers; ++i) free_at.push(0.0);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double start = std::max(ends[i].arrived, free_at.top());
    free_at.pop();
    free_at.push(start + work[i].work.value());
    RC_ASSERT(std::abs(ends[i].started - start) < 1e-9);
  }
}

Task<> share_and_note(Engine& engine, ProcessorSharing& servers, Job job, JobEnd& end) {
  end.arrived = engine.now().value();
  ServeResult done = co_await servers.serve(job.work, job.owner);
  end.ended = engine.now().value();
  end.outcome = done.outcome;
  end.causes = done.causes;
}

RC_GTEST_PROP(ProcessorSharingProperties, DoesAllWorkAndExplainsAllTime, ()) {
  const std::vector<Job> work = *jobs(false);
  const auto num_servers = *rc::gen::inRange<std::size_t>(1, 4);
  Engine& engine = the_engine();
  ProcessorSharing servers(engine, num_servers);
  std::vector<JobEnd> ends(work.size());
  const auto start = [&](std::size_t i) { engine.spawn("job", share_and_note(engine, servers, work[i], ends[i])); };
  engine.spawn("arrivals", arrive(engine, work, start));
  engine.run();
  double total = 0.0;
  for (std::size_t i = 0; i < work.size(); ++i) {
    total += work[i].work.value();
    RC_ASSERT(ends[i].outcome == Outcome::Completed);
    RC_ASSERT(ends[i].ended - ends[i].arrived >= work[i].work.value() - 1e-9);
    RC_ASSERT(std::abs(sum(ends[i].causes) - (ends[i].ended - ends[i].arrived)) < 1e-9);
  }
  RC_ASSERT(std::abs(servers.statistics().busy_time.value() - total) < 1e-8);
}

Task<> send_and_note(Engine& engine, topology::Route route, Bytes bytes, OwnerId owner, TransferResult& out) {
  TransferResult result = co_await engine.transfer(route, bytes, {.owner = owner});
  out = result;
}

RC_GTEST_PROP(TransferProperties, ALinkIsNeverIdleWhileBytesWaitAndNeverAboveItsBandwidth, ()) {
  const auto megabytes = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 500)));
  Engine& engine = the_engine();
  const topology::Route route{.from = 0, .to = 1, .hops = {{.link = 0, .forward = true}}};
  std::vector<TransferResult> results(megabytes.size());
  const double start = engine.now().value();
  double total = 0.0;
  for (std::size_t i = 0; i < megabytes.size(); ++i) {
    const double bytes = megabytes[i] * 1e6;
    total += bytes;
    engine.spawn("flow", send_and_note(engine, route, Bytes::from_base(bytes), static_cast<OwnerId>(i % 3), results[i]));
  }
  const double makespan = engine.run().reached.value() - start;
  // Whoever starts later pays its latency while others flow, but the last ones may have to pay it alone.
  RC_ASSERT(makespan >= total / 1e9);
  RC_ASSERT(makespan <= total / 1e9 + 1.1e-6 * static_cast<double>(megabytes.size()));
  for (const TransferResult& result : results) {
    RC_ASSERT(result.outcome == Outcome::Completed);
    RC_ASSERT(result.elapsed >= result.uncontended - Seconds::from_base(2e-9));
    RC_ASSERT(std::abs(sum(result.causes) - result.elapsed.value()) < 1e-9);
  }
}

RC_GTEST_PROP(RecorderProperties, QuantilesAreWithinABucketAndSharesSumToOne, ()) {
  const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 1'000'000'000)));
  BlameHistogram histogram;
  std::vector<double> sorted;
  for (int value : values) {
    const Seconds sojourn = Seconds::from_base(value * 1e-6);
    sorted.push_back(sojourn.value());
    Timeline life;
    const double waiting = (value % 7) / 7.0;
    life.append({.resource = 1, .kind = DelayKind::Waiting, .culprit = 2, .duration = sojourn * waiting});
    life.append({.resource = 1, .kind = DelayKind::Service, .culprit = 0, .duration = sojourn * (1.0 - waiting)});
    histogram.add(sojourn, life);
  }
  std::sort(sorted.begin(), sorted.end());
  for (double p : {0.0, 0.05, 0.5, 0.95, 0.99, 1.0}) {
    const double position = p * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const double above = sorted[std::min(below + 1, sorted.size() - 1)];
    const double exact = std::lerp(sorted[below], above, position - static_cast<double>(below));
    RC_ASSERT(std::abs(histogram.quantile(p).value() - exact) <= exact * (BlameHistogram::kBucketRatio - 1.0) * 1.001);
  }
  double mean = 0.0;
  double median_share = 0.0;
  double tail_share = 0.0;
  for (const BlameShare& share : histogram.blame()) {
    mean += share.mean.value();
    median_share += share.median_share;
    tail_share += share.tail_share;
  }
  RC_ASSERT(std::abs(mean - histogram.mean().value()) <= 1e-9 * mean);
  RC_ASSERT(std::abs(median_share - 1.0) < 1e-9);
  RC_ASSERT(std::abs(tail_share - 1.0) < 1e-9);
}

}  // namespace
}  // namespace labtwin
