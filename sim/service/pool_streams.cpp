// Bulk jobs of a pool: as streams on its members, or block by block.

#include <algorithm>
#include <cmath>
#include <string_view>

#include "sim/service/pool_service.hpp"

namespace labtwin::service {
namespace {

// Members that are this much faster than the slowest are held back to its pace; less is scatter.
constexpr double kFaster = 1.02;

unsigned depth_of(const storage::MemberStream& stream, unsigned depth) {
  return static_cast<unsigned>(std::max(1.0, std::round(stream.requests_per_block * depth)));
}

// Whether the window keeps every member busy that takes part, so that its part of the job is a stream of its own.
bool keeps_members_busy(const std::vector<storage::MemberStream>& streams, unsigned depth) {
  return std::all_of(streams.begin(), streams.end(), [&](const storage::MemberStream& stream) {
    return stream.bytes_per_byte == 0.0 || stream.requests_per_block * depth >= 1.0;
  });
}

}  // namespace

// The rate of the whole job at which this member would be the bottleneck; nothing if it takes no part.
// Law:    rate of its window alone / its share of the bytes; a window of less than one request works a part of the time
std::optional<BytesPerSecond> PoolService::member_rate(const storage::MemberStream& stream, unsigned place,
                                                       const StreamWindow& window) const {
  if (stream.bytes_per_byte == 0.0) return std::nullopt;
  const StreamWindow own{.direction = window.direction,
                         .block_size = stream.request,
                         .depth = depth_of(stream, window.depth),
                         .think_time = window.think_time};
  const double busy = std::min(1.0, stream.requests_per_block * window.depth);
  return members_[place].volume->rate_alone(own) * (busy / stream.bytes_per_byte);
}

BytesPerSecond PoolService::rate_alone(const StreamWindow& window) const {
  const auto streams = storage::stream_of_blocks(layout_, window.direction, window.block_size, states());
  std::optional<BytesPerSecond> slowest;
  for (unsigned place = 0; place < streams.size(); ++place) {
    const auto rate = member_rate(streams[place], place, window);
    if (rate && (!slowest || *rate < *slowest)) slowest = rate;
  }
  return slowest.value_or(BytesPerSecond{});
}

WorkId PoolService::start_bulk(const storage::BulkJob& job, std::function<void()> on_end) {
  const WorkId id = next_id_++;
  Bulk& bulk = bulks_[id];
  bulk.job = job;
  bulk.on_end = std::move(on_end);
  start(id);
  return id;
}

void PoolService::start(WorkId id) {
  Bulk& bulk = bulks_.at(id);
  const storage::BulkJob& job = bulk.job;
  const auto streams = storage::stream_of_blocks(layout_, job.direction, job.block_size, states());
  if (job.pattern == storage::Pattern::Sequential && keeps_members_busy(streams, job.depth)) {
    start_streams(id, streams);
  } else {
    bulk.blocks = std::make_unique<BlockStream>(engine(), *this, job, [this, id] { end_bulk(id); });
    bulk.blocks->issue();
  }
}

// From where its slowest member is.
void PoolService::restart(WorkId id) {
  const Bytes moved = bulk_progress(id);
  Bulk& bulk = bulks_.at(id);
  for (const MemberStream& stream : bulk.streams) {
    if (!stream.has_ended) stream.volume->stop_bulk(stream.id);
  }
  const Bytes just_now = moved - bulk.moved_before;
  bulk.streams.clear();
  bulk.moved_before = moved;
  bulk.job.region_begin += static_cast<std::uint64_t>(just_now.value());
  if (bulk.job.total) bulk.job.total = *bulk.job.total - just_now;
  start(id);
}

void PoolService::start_streams(WorkId id, const std::vector<storage::MemberStream>& streams) {
  Bulk& bulk = bulks_.at(id);
  const storage::BulkJob& job = bulk.job;
  const StreamWindow window{
      .direction = job.direction, .block_size = job.block_size, .depth = job.depth, .think_time = job.think_time};
  const BytesPerSecond pace = rate_alone(window);
  for (unsigned place = 0; place < streams.size(); ++place) {
    const storage::MemberStream& stream = streams[place];
    const auto rate = member_rate(stream, place, window);
    if (!rate) continue;
    storage::BulkJob own = job;
    own.block_size = stream.request;
    own.depth = depth_of(stream, job.depth);
    own.region_begin = static_cast<std::uint64_t>(static_cast<double>(job.region_begin) * stream.bytes_per_byte);
    own.variates = RandomStream(job.variates.bits(place, 1));
    if (job.total) own.total = *job.total * stream.bytes_per_byte;
    if (job.rate_limit) own.rate_limit = *job.rate_limit * stream.bytes_per_byte;
    if (*rate > pace * kFaster) {
      const BytesPerSecond held = pace * stream.bytes_per_byte;
      own.rate_limit = own.rate_limit ? std::min(*own.rate_limit, held) : held;
    }
    const std::size_t number = bulk.streams.size();
    bulk.streams.push_back({.place = place, .volume = members_[place].volume, .share = stream.bytes_per_byte});
    bulk.streams[number].id = members_[place].volume->start_bulk(own, [this, id, number] { stream_ended(id, number); });
  }
}

void PoolService::stream_ended(WorkId id, std::size_t number) {
  Bulk& bulk = bulks_.at(id);
  MemberStream& stream = bulk.streams[number];
  stream.has_ended = true;
  const bool all = std::all_of(bulk.streams.begin(), bulk.streams.end(), [](const MemberStream& s) { return s.has_ended; });
  if (all) end_bulk(id);
}

void PoolService::end_bulk(WorkId id) {
  const auto found = bulks_.find(id);
  const std::function<void()> on_end = std::move(found->second.on_end);
  bulks_.erase(found);
  if (on_end) on_end();
}

void PoolService::stop_bulk(WorkId id) {
  const auto found = bulks_.find(id);
  if (found == bulks_.end()) return;
  for (const MemberStream& stream : found->second.streams) stream.volume->stop_bulk(stream.id);
  bulks_.erase(found);
}

// As far as its slowest member.
Bytes PoolService::bulk_progress(WorkId id) {
  const auto found = bulks_.find(id);
  if (found == bulks_.end()) return {};
  const Bulk& bulk = found->second;
  if (bulk.blocks) return bulk.moved_before + bulk.blocks->progress();
  std::optional<Bytes> least;
  for (const MemberStream& stream : bulk.streams) {
    if (stream.has_ended) continue;
    const Bytes moved = stream.volume->bulk_progress(stream.id) / stream.share;
    if (!least || moved < *least) least = moved;
  }
  return bulk.moved_before + least.value_or(Bytes{});
}

}  // namespace labtwin::service
