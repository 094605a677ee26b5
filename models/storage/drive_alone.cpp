// Bulk jobs that have been alone for a few rounds of their windows. Nothing of interest happens until somebody else arrives:
// their rates follow from the law in closed form, and the drive skips to the next arrival. Then the blocks in flight are put
// back where the steady state has them: evenly spaced for a job that keeps its window full, on its schedule for a job with a
// rate limit that it keeps to. One that is late keeps its window full until it has caught up.

#include <algorithm>
#include <cmath>
#include <deque>
#include <set>
#include <utility>

#include "models/storage/bulk_flow.hpp"
#include "models/storage/drive.hpp"

namespace labtwin::storage {
namespace {

// A job whose end, or the date when it has caught up with its schedule, is nearer than this many windows is simulated block by
// block.
constexpr std::uint64_t kWindowsBeforeEnd = 2;

// Requests of a full window that are in the drive on average: those of the oldest block finish one after the other, and the
// next block enters with the last of them.
double mean_window(unsigned depth, unsigned requests_per_block) {
  return (depth - 1.0) * requests_per_block + 0.5 * (requests_per_block + 1.0);
}

}  // namespace

// How many blocks a job with a rate limit is behind its schedule.
double Drive::blocks_late(const BulkState& bulk, Seconds now) const {
  if (!bulk.job.rate_limit) return 0.0;
  return std::max(0.0, (now - due(bulk, bulk.num_issued)) / (bulk.job.block_size / *bulk.job.rate_limit));
}

// The streams as the drive sees them, or nothing if the scheduler would hold requests of several jobs back: then the order
// matters and blocks are simulated one by one.
std::optional<std::vector<BulkDemand>> Drive::demands_alone(Seconds now) const {
  const DeviceLimits& limits = settings_.limits;
  std::vector<BulkDemand> demands;
  std::set<IoPriority> priorities;
  double num_requests = 0.0;
  Bytes reads;
  Bytes writes;
  std::optional<Bytes> last_window;
  bulks_.for_each([&](Slot, const BulkState& bulk) {
    const unsigned requests = requests_per_block(bulk);
    const IoClass request = request_class(bulk);
    BulkDemand demand{
        .request = request, .work = device_.medium().work(request), .window = mean_window(bulk.job.depth, requests)};
    demand.think_time = bulk.job.think_time;
    demand.availability = bulk.job.interruptions.availability();
    if (bulk.job.rate_limit && blocks_late(bulk, now) == 0.0) {
      demand.rate_limit = *bulk.job.rate_limit / demand.request.block_size;
    }
    const bool is_read = bulk.job.direction == Direction::Read;
    last_window = is_read ? limits.read_window : limits.write_window;
    (is_read ? reads : writes) += bulk.job.block_size * bulk.job.depth;
    num_requests += bulk.job.depth * requests;
    priorities.insert(bulk.job.priority);
    demands.push_back(demand);
  });
  const bool all_fit = num_requests <= static_cast<double>(limits.tags) && reads <= limits.read_window.value_or(reads) &&
                       writes <= limits.write_window.value_or(writes);
  // On a disk, which block comes next decides whether the head moves.
  if (demands.size() > 1 && (!all_fit || priorities.size() > 1 || limits.has_head)) return std::nullopt;
  if (!all_fit && !demands.empty()) {
    BulkDemand& only = demands.front();
    only.window = std::min(only.window, static_cast<double>(limits.tags));
    if (last_window) only.window = std::min(only.window, std::max(1.0, std::floor(*last_window / only.request.block_size)));
  }
  return demands;
}

// A job that makes room for another has no steady window: the other's blocks come and go.
bool Drive::makes_room() const {
  bool any = false;
  bulks_.for_each([&](Slot, const BulkState& bulk) { any |= bulk.job.yielding.has_value(); });
  return any && bulk_by_id_.size() > 1;
}

// Whether a job is in the steady state that `flow` describes: under a rate limit, on schedule or far behind it; its write cache
// full where it writes faster than the cache is flushed; its end far away.
bool Drive::settled(const BulkState& bulk, const BulkFlow& flow, Seconds now) const {
  const std::uint64_t margin = kWindowsBeforeEnd * bulk.job.depth;
  if (num_blocks(bulk) - bulk.num_issued < margin) return false;
  if (bulk.job.rate_limit && flow.window_full && blocks_late(bulk, now) < static_cast<double>(margin)) return false;
  if (!outruns_cache(bulk, flow)) return true;
  const WriteCache& cache = *settings_.limits.write_cache;
  return flow.window_full && device_.flush_debt(now) >= 0.9 * (cache.capacity / cache.flush_bandwidth);
}

bool Drive::outruns_cache(const BulkState& bulk, const BulkFlow& flow) const {
  if (!settings_.limits.write_cache || bulk.job.direction == Direction::Read) return false;
  return flow.request_rate * request_class(bulk).block_size > settings_.limits.write_cache->flush_bandwidth;
}

void Drive::go_alone(Seconds now) {
  if (health_ != Health::Healthy || makes_room()) return;
  const auto demands = demands_alone(now);
  if (!demands) return;
  const auto flows = share_drive(*law_, settings_.limits.interference, *demands);
  bool all_settled = true;
  auto flow = flows.begin();
  bulks_.for_each([&](Slot, const BulkState& bulk) { all_settled = all_settled && settled(bulk, *flow++, now); });
  if (!all_settled) return;
  cache_full_alone_.reset();
  num_waiting_alone_ = 0.0;
  flow = flows.begin();
  auto demand = demands->begin();
  bulks_.for_each([&](Slot, BulkState& bulk) {
    bulk.flow = *flow++;
    bulk.request_work = demand->work;
    const double window = demand++->window;
    if (bulk.flow.window_full) num_waiting_alone_ += mean_window(bulk.job.depth, requests_per_block(bulk)) - window;
    if (outruns_cache(bulk, bulk.flow)) {
      bulk.flow.request_rate = settings_.limits.write_cache->flush_bandwidth / request_class(bulk).block_size;
      cache_full_alone_ = device_.flush_debt(now);
    }
  });
  if (!settle_slc_cache(now)) {
    num_blocks_alone_ = 0;
    return;
  }
  settle_medium(now);
  bulks_.for_each([&](Slot slot, BulkState& bulk) { bulk.requests_done = requests_done(slot, now); });
  forget_blocks(now);
  alone_since_ = now;
}

// What the flows do to the medium, and until when they go on like this.
void Drive::settle_medium(Seconds now) {
  medium_alone_ = {};
  bulks_.for_each(
      [&](Slot, const BulkState& bulk) { device_.medium().add(medium_alone_, request_class(bulk), bulk.flow.request_rate); });
  medium_changes_alone_ = device_.medium().next_change(now, medium_alone_);
}

// Requests done so far, in fractions of the spacing between two that finish, so that switching to the steady state and back
// neither gains nor loses work on average.
double Drive::requests_done(Slot slot, Seconds now) const {
  const BulkState& bulk = bulks_[slot];
  const unsigned per_block = requests_per_block(bulk);
  double done = static_cast<double>(bulk.num_completed) * per_block;
  ios_.for_each([&](Slot, const IoState& state) {
    if (state.bulk == slot) done += per_block - state.num_waiting - state.num_in_drive;
  });
  double spacings_left = 0.0;
  double num_in_drive = 0.0;
  for (const auto& event : device_.in_flight()) {
    if (!event.finished || ios_[requests_[*event.finished].io].bulk != slot) continue;
    spacings_left += (event.at - now) * bulk.flow.request_rate;
    num_in_drive += 1.0;
  }
  if (num_in_drive == 0.0) return done;
  // In the steady state the j-th of n requests in the drive has j - fraction spacings left.
  return done + 0.5 * (num_in_drive + 1.0) - spacings_left / num_in_drive;
}

void Drive::forget_blocks(Seconds now) {
  requests_.for_each([&](Slot request, const Request& r) {
    if (r.in_drive || staged_ == request) {
      scheduler_->completed(ios_[r.io].io.priority);
    } else {
      scheduler_->remove(queued(request));
    }
    requests_.release(request);
  });
  ios_.for_each([&](Slot io, const IoState&) { ios_.release(io); });
  staged_.reset();
  num_waiting_ = 0;
  device_.clear(now);
}

double Drive::requests_done_alone(const BulkState& bulk, Seconds now) const {
  return bulk.requests_done + bulk.flow.request_rate * (now - *alone_since_);
}

// Blocks that were due by now; the schedule is exact, whatever happened before.
std::uint64_t Drive::blocks_due(const BulkState& bulk, Seconds now) const {
  const double intervals = (now - bulk.started) * (*bulk.job.rate_limit / bulk.job.block_size);
  auto count = static_cast<std::uint64_t>(std::max(0.0, std::floor(intervals))) + 1;
  while (count > 0 && due(bulk, count - 1) > now) --count;
  return std::min(count, num_blocks(bulk));
}

std::optional<Seconds> Drive::alone_until(const BulkState& bulk) const {
  const std::uint64_t last = num_blocks(bulk) - bulk.job.depth;
  if (!bulk.flow.window_full) return bulk.job.total ? std::optional(due(bulk, last)) : std::nullopt;
  std::optional<Seconds> until;
  if (bulk.job.total) {
    const double left = static_cast<double>(last * requests_per_block(bulk)) - bulk.requests_done;
    until = *alone_since_ + std::max(0.0, left) / bulk.flow.request_rate;
  }
  if (!bulk.job.rate_limit) return until;
  const double gained_per_second =
      bulk.flow.request_rate.value() / requests_per_block(bulk) - (*bulk.job.rate_limit / bulk.job.block_size).value();
  if (gained_per_second <= 0.0) return until;
  const double to_gain = std::max(0.0, blocks_late(bulk, *alone_since_) - bulk.job.depth);
  const Seconds caught_up = *alone_since_ + Seconds::from_base(to_gain / gained_per_second);
  return until ? std::min(*until, caught_up) : caught_up;
}

void Drive::leave_alone(Seconds now) {
  if (!alone_since_) return;
  num_blocks_alone_ = 0;
  credit_time_alone(now);
  bulks_.for_each([&](Slot slot, const BulkState& bulk) {
    if (bulk.flow.window_full) {
      restore_full_window(now, slot);
    } else {
      restore_schedule(now, slot);
    }
  });
  alone_since_.reset();
  pump(now);
}

// Books the time alone with the owners of the jobs.
void Drive::credit_time_alone(Seconds now) {
  const Seconds elapsed = now - *alone_since_;
  const auto in_flight = [](const BulkState& bulk) { return bulk.request_work * bulk.flow.num_in_flight; };
  Seconds all;
  bulks_.for_each([&](Slot, const BulkState& bulk) { all += in_flight(bulk); });
  bulks_.for_each([&](Slot, const BulkState& bulk) {
    device_.occupancy().credit(bulk.job.owner, elapsed * (in_flight(bulk) / all));
    work_alone_ += bulk.request_work * (bulk.flow.request_rate * elapsed);
  });
  device_.medium().stream(*alone_since_, now, medium_alone_);
  if (cache_full_alone_) device_.set_flush_debt(now, *cache_full_alone_);
  if (slc_alone_) device_.slc_cache()->stream(*alone_since_, now, slc_alone_->rate, slc_alone_->busy_share);
}

void Drive::restore_full_window(Seconds now, Slot slot) {
  const BulkState& bulk = bulks_[slot];
  const double done = std::max(0.0, requests_done_alone(bulk, now));
  const auto num_done = static_cast<std::uint64_t>(done);
  const unsigned per_block = requests_per_block(bulk);
  const Seconds spacing = 1.0 / bulk.flow.request_rate;
  Seconds finish = now - (done - std::floor(done)) * spacing;
  const std::uint64_t first = num_done / per_block;
  // Blocks that ended less than a think time ago leave their places empty for the rest of it.
  std::deque<Seconds> ready;
  for (Seconds end = finish; end + bulk.job.think_time > now && ready.size() + 1 < bulk.job.depth; end -= spacing) {
    ready.push_front(end + bulk.job.think_time);
  }
  const std::uint64_t last = first + bulk.job.depth - ready.size();
  for (std::uint64_t index = first; index < last; ++index) {
    const auto skipped = index == first ? static_cast<unsigned>(num_done % per_block) : 0U;
    restore_block(now, slot, {.index = index, .num_requests_done = skipped, .finish = finish, .spacing = spacing});
    finish += spacing * static_cast<double>(per_block - skipped);
  }
  bulks_[slot].num_completed = first;
  bulks_[slot].num_issued = last;
  bulks_[slot].ready = std::move(ready);
  bulks_[slot].last_issue = now;
}

void Drive::restore_schedule(Seconds now, Slot slot) {
  BulkState& bulk = bulks_[slot];
  bulk.num_issued = blocks_due(bulk, now);
  std::uint64_t first = bulk.num_issued;
  while (first > 0 && bulk.num_issued - first < bulk.job.depth && due(bulk, first - 1) + bulk.flow.request_latency > now)
    --first;
  bulk.num_completed = first;
  bulk.ready.assign(bulk.job.depth - (bulk.num_issued - first), now);
  bulk.last_issue = now;
  for (std::uint64_t index = first; index < bulk.num_issued; ++index) {
    restore_block(now, slot, {.index = index, .finish = due(bulk, index) + bulk.flow.request_latency});
  }
}

// Puts the requests of a block that are not done back into the drive, to finish at `finish + k spacing`, and those for which it
// has no room into the scheduler.
void Drive::restore_block(Seconds now, Slot slot, const RestoredBlock& block) {
  const Slot io = open_io(now, block_of(bulks_[slot], block.index), slot);
  IoState& state = ios_[io];
  unsigned number = 0;
  Seconds finish = block.finish;
  split(io, [&](Slot handle) {
    if (number++ < block.num_requests_done) {
      requests_.release(handle);
      return;
    }
    scheduler_->add(now, queued(handle));
    ++state.num_waiting;
    ++num_waiting_;
    if (num_waiting_ > 1 || !has_room_for(handle)) return;
    // The scheduler held nothing else, so this is the request it gives out.
    static_cast<void>(scheduler_->take_next(now));
    finish += block.spacing;
    state.work_in_drive += device_.restore(now, command_of(handle), std::max(now, finish));
    requests_[handle].in_drive = true;
    state.num_waiting = 0;
    num_waiting_ = 0;
    ++state.num_in_drive;
    state.last_finish = std::max(state.last_finish, finish);
  });
}

}  // namespace labtwin::storage
