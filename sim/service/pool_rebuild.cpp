#include "sim/service/pool_rebuild.hpp"

#include <algorithm>

namespace labtwin::service {
namespace {

// Members that are this much faster than the slowest are held back to its pace; less is scatter.
constexpr double kFaster = 1.02;

}  // namespace

PoolRebuild::PoolRebuild(Engine& engine, const RandomSource& random, PoolService& pool, const PoolRebuildOptions& options)
    : engine_(&engine), pool_(&pool), options_(options), latencies_(random.stream("pool_rebuild.latency")) {}

Task<> PoolRebuild::run() {
  co_await engine_->hold_until(options_.start);
  Trigger<> has_ended(*engine_);
  begin(has_ended);
  co_await has_ended;
  ended_ = engine_->now();
  pool_->set_member(options_.place, {.volume = options_.onto, .is_readable = true});
  pool_->note_window(options_.owner, Bytes{});
}

// A copy is read from one of the others, parity is solved from all of them.
void PoolRebuild::choose_parts() {
  const storage::PoolLayout& layout = pool_->layout();
  const std::size_t first = options_.place / layout.width * layout.width;
  for (std::size_t place = first; place < first + layout.width; ++place) {
    const PoolService::Member& member = pool_->members()[place];
    if (place == options_.place || member.volume == nullptr || !member.is_readable) continue;
    parts_.push_back({.volume = member.volume});
    if (layout.redundancy == storage::Redundancy::Copies) break;
  }
  parts_.push_back({.volume = options_.onto, .direction = storage::Direction::Write});
}

BytesPerSecond PoolRebuild::rate_alone(const Part& part) const {
  return part.volume->rate_alone({.direction = part.direction, .block_size = options_.block_size, .depth = options_.depth});
}

void PoolRebuild::begin(Trigger<>& has_ended) {
  began_ = engine_->now();
  choose_parts();
  // From now on what is written goes to the new member too.
  pool_->set_member(options_.place, {.volume = options_.onto, .is_readable = false});
  pool_->note_window(options_.owner, options_.block_size * (options_.depth * static_cast<double>(parts_.size())));
  BytesPerSecond pace = options_.max_rate.value_or(rate_alone(parts_.front()));
  for (const Part& part : parts_) pace = std::min(pace, rate_alone(part));
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    storage::BulkJob job;
    job.owner = options_.owner;
    job.direction = parts_[i].direction;
    job.block_size = options_.block_size;
    job.depth = options_.depth;
    job.total = options_.amount;
    job.yielding = options_.yielding;
    job.variates = RandomStream(latencies_.bits(i));
    if (options_.max_rate || rate_alone(parts_[i]) > pace * kFaster) job.rate_limit = pace;
    parts_[i].id = parts_[i].volume->start_bulk(job, [this, i, &has_ended] {
      parts_[i].has_ended = true;
      const auto ended = [](const Part& part) { return part.has_ended; };
      if (std::all_of(parts_.begin(), parts_.end(), ended)) has_ended.complete();
    });
  }
}

Bytes PoolRebuild::moved(const Part& part) const {
  return part.has_ended ? options_.amount : part.volume->bulk_progress(part.id);
}

double PoolRebuild::progress() {
  if (parts_.empty()) return 0.0;
  Bytes least = options_.amount;
  for (const Part& part : parts_) least = std::min(least, moved(part));
  return least / options_.amount;
}

Seconds PoolRebuild::active_time() const {
  return began_ ? ended_.value_or(engine_->now()) - *began_ : Seconds{};
}

Bytes PoolRebuild::bytes_read() {
  Bytes sum;
  for (const Part& part : parts_) {
    if (part.direction == storage::Direction::Read) sum += moved(part);
  }
  return sum;
}

Bytes PoolRebuild::bytes_written() {
  return parts_.empty() ? Bytes{} : moved(parts_.back());
}

}  // namespace labtwin::service
