// Bulk jobs, block by block.

#include <algorithm>
#include <cmath>

#include "models/base/error.hpp"
#include "models/storage/drive.hpp"

namespace labtwin::storage {
namespace {

// Rounds of its window that a job is simulated block by block after others have left, so that short gaps cost no switching.
constexpr std::uint64_t kRoundsBeforeAlone = 4;
constexpr std::uint64_t kEndless = ~0ULL;

}  // namespace

std::uint64_t Drive::num_blocks(const BulkState& bulk) const {
  if (!bulk.job.total) return kEndless;
  return static_cast<std::uint64_t>(std::ceil(*bulk.job.total / bulk.job.block_size));
}

unsigned Drive::requests_per_block(const BulkState& bulk) const {
  if (!settings_.max_request) return 1;
  return static_cast<unsigned>(std::ceil(bulk.job.block_size / *settings_.max_request));
}

IoClass Drive::request_class(const BulkState& bulk) const {
  return {.direction = bulk.job.direction,
          .pattern = bulk.job.pattern,
          .block_size = bulk.job.block_size / static_cast<double>(requests_per_block(bulk))};
}

Io Drive::block_of(const BulkState& bulk, std::uint64_t index) const {
  const auto block = static_cast<std::uint64_t>(bulk.job.block_size.value());
  const std::uint64_t blocks_in_region = std::max<std::uint64_t>(1, bulk.job.region_bytes / block);
  return {.id = bulk.id,
          .owner = bulk.job.owner,
          .direction = bulk.job.direction,
          .pattern = bulk.job.pattern,
          .size = bulk.job.block_size,
          .position = bulk.job.region_begin + (index % blocks_in_region) * block,
          .priority = bulk.job.priority,
          .uniform = bulk.job.variates.uniform(index)};
}

Seconds Drive::due(const BulkState& bulk, std::uint64_t index) const {
  if (!bulk.job.rate_limit) return bulk.started;
  return bulk.started + static_cast<double>(index) * (bulk.job.block_size / *bulk.job.rate_limit);
}

// Other jobs count as others unless they make room themselves.
bool Drive::is_yielding(const BulkState& bulk) const {
  if (!bulk.job.yielding || bulk.num_issued - bulk.num_completed < bulk.job.yielding->depth) return false;
  if (num_foreign_ > 0 || num_blocks_alone_ < bulk.job.yielding->settle) return true;
  bool has_others = false;
  bulks_.for_each([&](Slot, const BulkState& other) { has_others |= !other.job.yielding; });
  return has_others;
}

std::optional<Seconds> Drive::next_issue(const BulkState& bulk) const {
  if (bulk.ready.empty() || bulk.num_issued >= num_blocks(bulk)) return std::nullopt;
  const Seconds at = std::max({bulk.ready.front(), due(bulk, bulk.num_issued), bulk.interrupted_until});
  if (!is_yielding(bulk)) return at;
  if (!bulk.job.yielding->min_rate) return std::nullopt;
  return std::max(at, bulk.last_issue + bulk.job.block_size / *bulk.job.yielding->min_rate);
}

void Drive::start_bulk(Seconds now, WorkId id, const BulkJob& job) {
  run_until(now);
  leave_alone(now);
  if (health_ == Health::Dead) {
    report(id, job.owner, Outcome::Failed, now, now, {});
    return;
  }
  const Slot slot = bulks_.take();
  device_.occupancy().advance(now);
  bulks_[slot] = {.id = id, .job = job, .started = now, .occupied_then = device_.occupancy().occupied()};
  bulks_[slot].ready.assign(job.depth, now);
  bulks_[slot].last_issue = now;
  bulk_by_id_.emplace(id, slot);
  num_blocks_alone_ = 0;
  issue_blocks(now, slot);
}

void Drive::issue_blocks(Seconds now, Slot slot) {
  BulkState& bulk = bulks_[slot];
  while (true) {
    const auto at = next_issue(bulk);
    if (!at || *at > now) break;
    admit(now, block_of(bulk, bulk.num_issued), slot);
    bulk.ready.pop_front();
    const RandomStream& variates = bulk.job.variates;
    const Seconds delay = bulk.job.interruptions.delay(now - bulk.last_issue, variates.uniform(bulk.num_issued, 1),
                                                       variates.uniform(bulk.num_issued, 2));
    bulk.interrupted_until = now + delay;
    bulk.last_issue = bulk.interrupted_until;
    ++bulk.num_issued;
  }
  pump(now);
}

void Drive::issue_due_blocks(Seconds now) {
  bulks_.for_each([&](Slot slot, const BulkState&) { issue_blocks(now, slot); });
}

std::optional<Seconds> Drive::next_bulk_event() const {
  std::optional<Seconds> earliest;
  bulks_.for_each([&](Slot, const BulkState& bulk) {
    const auto at = alone_since_ ? alone_until(bulk) : next_issue(bulk);
    if (at && (!earliest || *at < *earliest)) earliest = at;
  });
  if (!alone_since_) return earliest;
  const auto cache_is_full = slc_alone_ ? slc_alone_->full_at : std::nullopt;
  for (const auto& change : {cache_is_full, medium_changes_alone_}) {
    if (change && (!earliest || *change < *earliest)) earliest = change;
  }
  return earliest;
}

void Drive::handle_bulk_event(Seconds now) {
  leave_alone(now);
  issue_due_blocks(now);
}

void Drive::block_completed(Seconds now, Slot slot) {
  BulkState& bulk = bulks_[slot];
  ++bulk.num_completed;
  bulk.ready.push_back(now + bulk.job.think_time);
  if (bulk.num_completed == num_blocks(bulk)) {
    finish_bulk(now, slot);
    return;
  }
  issue_blocks(now, slot);
  if (num_foreign_ > 0) return;
  ++num_blocks_alone_;
  std::uint64_t window = 0;
  bulks_.for_each([&](Slot, const BulkState& b) { window += b.job.depth; });
  if (num_blocks_alone_ >= kRoundsBeforeAlone * window) go_alone(now);
}

Bytes Drive::bulk_progress(Seconds now, WorkId id) const {
  const auto found = bulk_by_id_.find(id);
  if (found == bulk_by_id_.end()) return {};
  const BulkState& bulk = bulks_[found->second];
  auto blocks = static_cast<double>(bulk.num_completed);
  if (alone_since_ && !bulk.flow.window_full) {
    const Seconds latest_issue = now - bulk.flow.request_latency;
    blocks = latest_issue < bulk.started ? 0.0 : static_cast<double>(blocks_due(bulk, latest_issue));
  } else if (alone_since_) {
    blocks = std::floor(requests_done_alone(bulk, now) / requests_per_block(bulk));
  }
  return std::min(bulk.job.block_size * blocks, bulk.job.total.value_or(bulk.job.block_size * blocks));
}

void Drive::finish_bulk(Seconds now, Slot slot) {
  const BulkState bulk = bulks_[slot];
  bulks_.release(slot);
  bulk_by_id_.erase(bulk.id);
  const Occupancy& occupancy = device_.occupancy();
  Causes causes;
  Seconds waited;
  for (std::size_t i = 0; i < occupancy.num_owners(); ++i) {
    if (i == bulk.job.owner) continue;
    const Seconds behind = occupancy.occupied()[i] - (i < bulk.occupied_then.size() ? bulk.occupied_then[i] : Seconds{});
    if (behind <= Seconds{}) continue;
    causes.push_back({DelayKind::Waiting, static_cast<OwnerId>(i), behind});
    waited += behind;
  }
  causes.push_back({DelayKind::Service, bulk.job.owner, now - bulk.started - waited});
  report(bulk.id, bulk.job.owner, Outcome::Completed, bulk.started, now, std::move(causes));
}

}  // namespace labtwin::storage
