// Bulk jobs of a share: block by block while others are there, and as a flow once one has been alone for a while. The flow
// takes what the blocks took on average: of the server's volume as a job of its own, of cores, connections and links in slices
// of time.

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/service/remote_volume.hpp"

namespace labtwin::service {
namespace {

/// Rounds of its window that a job is simulated block by block, the first half of them unmeasured, before it becomes a flow.
constexpr std::uint64_t kRoundsBeforeFlow = 16;
/// How long the flow goes on before it looks whether it is still alone on its way.
constexpr Seconds kSlice = Seconds::from_base(0.05);
/// A slice that takes this much longer has met somebody.
constexpr double kLate = 1.05;

}  // namespace

void RemoteVolume::Pace::add(Seconds at, Bytes done) {
  if (num_marks_ == 0.0) {
    first_at_ = at;
    first_done_ = done;
  }
  const double time = (at - first_at_).value();
  const double bytes = (done - first_done_).value();
  num_marks_ += 1.0;
  sum_time_ += time;
  sum_done_ += bytes;
  sum_time_squared_ += time * time;
  sum_time_done_ += time * bytes;
}

BytesPerSecond RemoteVolume::Pace::rate() const {
  const double covariance = sum_time_done_ - sum_time_ * sum_done_ / num_marks_;
  const double variance = sum_time_squared_ - sum_time_ * sum_time_ / num_marks_;
  return BytesPerSecond::from_base(covariance / variance);
}

WorkId RemoteVolume::start_bulk(const storage::BulkJob& job, std::function<void()> on_end) {
  end_flows();
  const WorkId id = next_id_++;
  auto bulk = std::make_shared<Bulk>(Bulk{.job = job, .on_end = std::move(on_end), .started = engine().now()});
  bulks_.emplace_back(id, bulk);
  start_lanes(id, bulk);
  return id;
}

void RemoteVolume::start_lanes(WorkId id, const std::shared_ptr<Bulk>& bulk) {
  bulk->alone_from = bulk->num_completed;
  std::erase_if(bulk->lanes, [](const Process& process) { return process.has_ended(); });
  while (bulk->lanes.size() < bulk->job.depth) {
    bulk->lanes.push_back(engine().spawn("share stream", lane(id, bulk), ProcessKind::Server));
  }
}

void RemoteVolume::stop_bulk(WorkId id) {
  const auto found = std::find_if(bulks_.begin(), bulks_.end(), [id](const auto& entry) { return entry.first == id; });
  if (found == bulks_.end()) return;
  const std::shared_ptr<Bulk> bulk = found->second;
  bulks_.erase(found);
  for (const Process& process : bulk->lanes) process.cancel();
  bulk->lanes.clear();
  if (bulk->flow) stop_flow(*bulk);
}

Bytes RemoteVolume::bulk_progress(WorkId id) {
  const auto found = std::find_if(bulks_.begin(), bulks_.end(), [id](const auto& entry) { return entry.first == id; });
  return found == bulks_.end() ? Bytes{} : progress(*found->second);
}

Bytes RemoteVolume::progress(const Bulk& bulk) const {
  return bulk.flow ? bulk.done + bulk.flow->rate * (engine().now() - bulk.flow->since) : bulk.done;
}

bool RemoteVolume::is_done(const Bulk& bulk) const {
  return bulk.job.total && bulk.job.block_size * static_cast<double>(bulk.num_issued) >= *bulk.job.total;
}

// One place of a bulk job's window: block after block, each as soon as the schedule allows, until the job becomes a flow.
Task<> RemoteVolume::lane(WorkId id, std::shared_ptr<Bulk> bulk) {
  while (!is_done(*bulk) && !bulk->flow) {
    const storage::BulkJob& job = bulk->job;
    const std::uint64_t index = bulk->num_issued++;
    const auto offset = job.block_size * static_cast<double>(index);
    if (job.rate_limit) co_await engine().hold_until(std::max(engine().now(), bulk->started + offset / *job.rate_limit));
    storage::Io io;
    io.owner = job.owner;
    io.direction = job.direction;
    io.pattern = job.pattern;
    io.size = job.total ? std::min(job.block_size, *job.total - offset) : job.block_size;
    io.position = job.region_begin + static_cast<std::uint64_t>(offset.value()) % job.region_bytes;
    io.priority = job.priority;
    io.uniform = job.variates.uniform(index);
    const Answer answer = co_await perform_whole(io);
    if (answer.outcome != Outcome::Completed) co_return;  // as a reader that meets an error
    bulk->done += io.size;
    ++bulk->num_completed;
    consider_flow(id, bulk);
    if (job.think_time > Seconds{} && !bulk->flow) co_await engine().hold(job.think_time);
  }
  if (bulk->flow || bulk->num_completed < bulk->num_issued || !bulk->on_end) co_return;
  std::erase_if(bulks_, [id](const auto& entry) { return entry.first == id; });
  const std::function<void()> on_end = std::exchange(bulk->on_end, {});
  bulk->lanes.clear();
  on_end();
}

// After a block: whether the job has been alone for long enough, and at which rate it then goes on.
void RemoteVolume::consider_flow(WorkId id, const std::shared_ptr<Bulk>& bulk) {
  if (bulk->flow || options_.packets) return;  // over a way that loses packets every block has a fate of its own
  if (bulks_.size() > 1 || !ios_.empty()) {
    bulk->alone_from = bulk->num_completed;
    return;
  }
  const std::uint64_t rounds = kRoundsBeforeFlow * bulk->job.depth;
  const std::uint64_t num_alone = bulk->num_completed - bulk->alone_from;
  if (num_alone <= rounds / 2) bulk->pace = {};
  if (num_alone >= rounds / 2) bulk->pace.add(engine().now(), bulk->done);
  if (num_alone < rounds) return;
  // A few blocks more or less at the ends must not make it faster than its way is.
  const BytesPerSecond fastest = rate_alone({.direction = bulk->job.direction,
                                             .block_size = bulk->job.block_size,
                                             .depth = bulk->job.depth,
                                             .think_time = bulk->job.think_time,
                                             .pattern = bulk->job.pattern});
  const BytesPerSecond rate = std::min(fastest, bulk->pace.rate());
  if (bulk->job.rate_limit && rate > *bulk->job.rate_limit * kLate) return;  // catches up
  const Bytes left = bulk->job.total ? *bulk->job.total - bulk->done : Bytes{};
  if (bulk->job.total && left < bulk->job.block_size * static_cast<double>(rounds)) return;
  storage::BulkJob job = bulk->job;
  // The server sees the pieces of every block at once.
  job.block_size = std::min(job.block_size, options_.protocol.max_transfer);
  job.depth = std::max(1U, static_cast<unsigned>(std::lround(job.depth * (bulk->job.block_size / job.block_size))));
  job.think_time = {};
  job.total.reset();
  job.rate_limit = rate;
  job.region_begin += static_cast<std::uint64_t>(bulk->done.value()) % job.region_bytes;
  bulk->flow = Flow{.rate = rate, .since = engine().now()};
  bulk->flow->on_volume = volume_for(job.direction).start_bulk(job, {});
  bulk->flow->process = engine().spawn("share flow", flow(id, bulk), ProcessKind::Server);
}

// Until it meets somebody or the last rounds begin, which go block by block again. The blocks that were in flight when it began
// make up for those that have just been issued when it ends.
Task<> RemoteVolume::flow(WorkId id, std::shared_ptr<Bulk> bulk) {
  const BytesPerSecond rate = bulk->flow->rate;
  unsigned num_late = 0;
  while (true) {
    const Seconds began = engine().now();
    Seconds slice = kSlice;
    if (bulk->job.total) {
      const Bytes last = bulk->job.block_size * static_cast<double>(kRoundsBeforeFlow * bulk->job.depth / 2);
      const Bytes left = *bulk->job.total - progress(*bulk) - last;
      if (left <= Bytes{}) break;
      slice = std::min(slice, left / rate);
    }
    std::vector<Task<>> tasks;
    for (unsigned i = 0; i < options_.protocol.num_connections; ++i) {
      tasks.push_back(work(bulk->job, rate * slice));
      tasks.push_back(carry(bulk->job, rate * slice));
    }
    tasks.push_back(wait(slice));
    auto all = engine().wait_all(std::move(tasks));
    co_await all;
    // The first slice waits for the blocks that were in flight when it began.
    num_late = engine().now() - began > slice * kLate ? num_late + 1 : 0;
    if (num_late > 1 || is_behind(*bulk)) break;
  }
  end_flow(id, bulk);
}

// Whether the server's volume does not give what the flow takes: somebody else is there.
bool RemoteVolume::is_behind(const Bulk& bulk) const {
  const Bytes taken = bulk.flow->rate * (engine().now() - bulk.flow->since);
  const Bytes allowed = bulk.job.block_size * (4.0 * bulk.job.depth) + taken * (kLate - 1.0);
  return taken - volume_for(bulk.job.direction).bulk_progress(bulk.flow->on_volume) > allowed;
}

Task<> RemoteVolume::wait(Seconds duration) {
  co_await engine().hold(duration);
}

// Requests of one connection in a slice of a flow.
double RemoteVolume::requests_in(const storage::BulkJob& job, Bytes data) const {
  return data / static_cast<double>(options_.protocol.num_connections) /
         std::min(job.block_size, options_.protocol.max_transfer);
}

Task<> RemoteVolume::work(storage::BulkJob job, Bytes data) {
  const Bytes piece = std::min(job.block_size, options_.protocol.max_transfer);
  const Seconds duration = storage::request_cost(options_.protocol, piece).server * requests_in(job, data);
  const SeizeOptions for_owner{.owner = job.owner, .priority = 0, .timeout = {}};
  const SeizeResult connection = co_await connections_.seize(for_owner);
  const ServeResult computed = co_await places_.cores->compute(duration, job.owner);
  static_cast<void>(computed);
}

Task<> RemoteVolume::carry(storage::BulkJob job, Bytes data) {
  const Bytes piece = std::min(job.block_size, options_.protocol.max_transfer);
  const Bytes wire = storage::request_cost(options_.protocol, piece).wire * requests_in(job, data);
  Way& way = job.direction == storage::Direction::Read ? to_client_ : to_server_;
  const SeizeOptions for_owner{.owner = job.owner, .priority = 0, .timeout = {}};
  const SeizeResult turn = co_await way.turns.seize(for_owner);
  const std::unique_ptr<BusPassage> inside = pass_inside(way, wire, job.owner);
  const TransferOptions flow{.owner = job.owner, .bound = options_.bound};
  const TransferResult transfer = co_await engine().transfer(way.route, wire, flow);
  static_cast<void>(transfer);
  if (!inside) co_return;
  const Causes held = co_await inside->rest();
  static_cast<void>(held);
}

// Somebody else comes: blocks again, from where the flow is.
void RemoteVolume::end_flows() {
  for (const auto& [id, bulk] : bulks_) {
    bulk->alone_from = bulk->num_completed;
    if (!bulk->flow) continue;
    bulk->flow->process->cancel();
    end_flow(id, bulk);
  }
}

void RemoteVolume::end_flow(WorkId id, const std::shared_ptr<Bulk>& bulk) {
  bulk->done = progress(*bulk);
  const std::uint64_t num_on_way = bulk->num_issued - bulk->num_completed;
  bulk->num_completed = static_cast<std::uint64_t>(std::llround(bulk->done / bulk->job.block_size));
  bulk->num_issued = bulk->num_completed + num_on_way;
  bulk->done = bulk->job.block_size * static_cast<double>(bulk->num_completed);
  volume_for(bulk->job.direction).stop_bulk(bulk->flow->on_volume);
  bulk->flow.reset();
  start_lanes(id, bulk);
}

void RemoteVolume::stop_flow(Bulk& bulk) {
  bulk.flow->process->cancel();
  volume_for(bulk.job.direction).stop_bulk(bulk.flow->on_volume);
}

}  // namespace labtwin::service
