#include "sim/validation/search_replay.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "models/base/rng.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/call_record.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/drive_service.hpp"
#include "sim/service/vector_store.hpp"

namespace labtwin::validation {
namespace {

constexpr OwnerId kSearches = 0;
constexpr OwnerId kJob = 1;
constexpr ResourceId kSlots = 0;
constexpr ResourceId kCores = 1;
constexpr ResourceId kDrive = 2;

constexpr std::size_t kMinQueries = 3;
const Seconds kLongest = Seconds::from_base(60.0);

constexpr std::uint64_t kIndexBegin = 1ULL << 36U;
// A buffered writer dirties this much, then fsync writes it all at once through the request queue of the kernel.
const Bytes kFsyncBytes = Bytes::from_base(67108864.0);
constexpr unsigned kWritebackDepth = 64;

// How far the bandwidth of a minute may be from the drive's usual one.
constexpr double kSlowestMinute = 0.8;
constexpr double kFastestMinute = 1.5;

storage::DriveSettings settings_of(const SearchRun& run, const ReplayHost& host) {
  storage::DriveSettings settings;
  settings.scheduler.kind = run.scheduler;
  settings.limits = host.limits;
  return settings;
}

service::VectorStoreOptions store_options(const SearchRun& run, const ReplayHost& host) {
  service::VectorStoreOptions options;
  options.shape = run.shape;
  options.cost = run.is_graph ? host.host.graph : host.host.inverted_lists;
  options.wake_up = host.host.wake_up;
  options.interruptions = host.host.interruptions;
  options.index_size = run.index_size;
  options.region_begin = kIndexBegin;
  options.priority = run.priority;
  options.max_concurrency = run.num_threads;
  return options;
}

// How long a window of the job takes on the drive of this host, and between two of its blocks in one place.
Seconds window_time(const NeighbourJob& job, const ReplayHost& host) {
  const storage::IoClass io{
      .direction = job.kind == JobKind::SequentialRead ? storage::Direction::Read : storage::Direction::Write,
      .pattern = storage::Pattern::Sequential,
      .block_size = job.block_size};
  return closed_loop(*storage::make_queue_depth_curve(host.drive), io, job.depth).mean_latency + host.host.job.think_time;
}

// A job that is behind because it waits for its processor is interrupted for as long as makes it achieve what it did.
Interruptions interruptions_of(const NeighbourJob& job, const ReplayHost& host) {
  if (!job.is_starved) return host.host.job.interruptions;
  Interruptions interruptions = host.host.job.starved_interruptions;
  if (!job.is_behind || !job.achieved) return interruptions;
  const Seconds per_window = job.block_size * job.depth / *job.achieved;
  const Seconds running = window_time(job, host);
  interruptions.mean_duration = std::max(Seconds{}, per_window - running) / (interruptions.rate * running);
  return interruptions;
}

storage::BulkJob bulk_job(const NeighbourJob& job, const ReplayHost& host, RandomStream variates) {
  const bool reads = job.kind == JobKind::SequentialRead || job.kind == JobKind::RandomRead;
  const bool random = job.kind == JobKind::RandomRead || job.kind == JobKind::RandomWrite;
  storage::BulkJob bulk;
  bulk.owner = kJob;
  bulk.direction = reads ? storage::Direction::Read : storage::Direction::Write;
  bulk.pattern = random ? storage::Pattern::Random : storage::Pattern::Sequential;
  bulk.block_size = job.block_size;
  bulk.depth = job.depth;
  bulk.rate_limit = job.rate_limit;
  bulk.think_time = host.host.job.think_time;
  bulk.interruptions = interruptions_of(job, host);
  bulk.priority = job.priority;
  bulk.variates = variates;
  return bulk;
}

/// A node with a drive, the searches on it and the job beside them.
class Node {
 public:
  Node(Engine& engine, const RandomSource& random, const SearchRun& run, const ReplayHost& host)
      : engine_(&engine),
        run_(&run),
        job_(bulk_job(run.job, host, random.stream("job"))),
        cores_(engine, kCores, host.host.num_cores),
        drive_(
            engine, kDrive,
            std::make_unique<storage::Drive>(storage::make_queue_depth_curve(drive_of_run(run, host)), settings_of(run, host))),
        store_(engine, kSlots, random, store_options(run, host), drive_, cores_) {}

  void start() {
    if (run_->job.kind == JobKind::BufferedWrite) {
      engine_->spawn("job", write_buffered(), ProcessKind::Server);
    } else if (run_->job.kind != JobKind::None) {
      bulk_ = drive_.start_bulk(job_, {});
    }
    for (unsigned i = 0; i < run_->num_threads; ++i) engine_->spawn("searcher", search(i));
  }

  [[nodiscard]] ReplayedSearch result() const {
    std::vector<double> sorted = latencies_us_;
    if (sorted.empty()) sorted.push_back(kLongest.value() * 1e6);
    std::sort(sorted.begin(), sorted.end());
    double sum = 0.0;
    for (const double latency : sorted) sum += latency;
    const auto count = static_cast<double>(sorted.size());
    const auto quantile = [&](double q) { return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(q * count))]; };
    // Each thread always has a query in progress: Little's law.
    return {.qps = run_->num_threads * 1e6 * count / sum,
            .lat_mean_us = sum / count,
            .lat_p50_us = quantile(0.5),
            .lat_p95_us = quantile(0.95),
            .lat_p99_us = quantile(0.99)};
  }

 private:
  [[nodiscard]] bool is_over() const {
    return engine_->now() >= kLongest || (engine_->now() >= run_->duration && latencies_us_.size() >= kMinQueries);
  }

  Task<> search(std::uint64_t thread) {
    ++num_searching_;
    for (std::uint64_t query = 0; !is_over(); ++query) {
      const Seconds asked = engine_->now();
      service::CallRecord record(kSearches);
      const service::SearchRequest request{.number = query * run_->num_threads + thread};
      const Outcome outcome = co_await store_.search(request, record);
      if (outcome == Outcome::Completed) latencies_us_.push_back((engine_->now() - asked).value() * 1e6);
    }
    if (--num_searching_ == 0) stop_job();
  }

  Task<> write_buffered() {
    storage::BulkJob burst = job_;
    burst.depth = kWritebackDepth;
    burst.total = kFsyncBytes;
    burst.rate_limit.reset();
    burst.think_time = {};
    Seconds due = engine_->now();
    while (true) {
      due += kFsyncBytes / *job_.rate_limit;
      const Seconds pause = std::max(Seconds{}, due - engine_->now());
      co_await engine_->hold(pause);
      if (is_stopped_) co_return;
      Trigger<> written(*engine_);
      bulk_ = drive_.start_bulk(burst, [&written] { written.complete(); });
      co_await written;
    }
  }

  void stop_job() {
    is_stopped_ = true;
    if (bulk_ && run_->job.kind != JobKind::BufferedWrite) drive_.stop_bulk(*bulk_);
  }

  Engine* engine_;
  const SearchRun* run_;
  storage::BulkJob job_;
  service::Cores cores_;
  service::DriveService drive_;
  service::VectorStore store_;
  std::optional<WorkId> bulk_;
  std::vector<double> latencies_us_;
  unsigned num_searching_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

storage::QueueDepthParameters drive_of_run(const SearchRun& run, const ReplayHost& host) {
  storage::QueueDepthParameters drive = host.drive;
  const NeighbourJob& job = run.job;
  if (job.kind != JobKind::None && job.keeps_schedule) {
    drive.random_read.stream_bandwidth /= host.host.job.pacing_slowdown;
    drive.random_read.bandwidth /= host.host.job.pacing_slowdown;
  }
  if (!job.is_behind || job.is_starved || !job.achieved) return drive;
  storage::QueueDepthClass& c = job.kind == JobKind::SequentialRead ? drive.sequential_read : drive.sequential_write;
  const Bytes window = job.block_size * job.depth;
  const Seconds floor = c.latency_floor + job.block_size / c.stream_bandwidth;
  const Seconds latency = window / *job.achieved - host.host.job.think_time;
  // The law solved for the backlog of a full window.
  const double powered = latency > floor ? std::pow(latency.value(), c.knee) - std::pow(floor.value(), c.knee) : 0.0;
  const BytesPerSecond fastest = c.bandwidth * kFastestMinute;
  const Seconds backlog = std::max(Seconds::from_base(std::pow(powered, 1.0 / c.knee)), window / fastest);
  c.bandwidth = std::max(window / backlog, c.bandwidth * kSlowestMinute);
  return drive;
}

std::vector<ReplayedSearch> replay_searches(const std::vector<SearchRun>& runs, const ReplayHost& host,
                                            std::uint64_t replication) {
  Engine engine;
  std::vector<std::unique_ptr<Node>> nodes;
  for (const SearchRun& run : runs) {
    const RandomSource random(0, replication);
    nodes.push_back(std::make_unique<Node>(engine, random, run, host));
    nodes.back()->start();
  }
  engine.run();
  std::vector<ReplayedSearch> results;
  for (const auto& node : nodes) results.push_back(node->result());
  return results;
}

}  // namespace labtwin::validation
