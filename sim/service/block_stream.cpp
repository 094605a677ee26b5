#include "sim/service/block_stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace labtwin::service {

BlockStream::BlockStream(Engine& engine, Volume& volume, storage::BulkJob job, std::function<void()> on_end)
    : engine_(&engine),
      volume_(&volume),
      job_(std::move(job)),
      on_end_(std::move(on_end)),
      alarm_(engine, [this] { issue(); }),
      started_(engine.now()),
      ready_(job_.depth, engine.now()) {}

BlockStream::~BlockStream() {
  for (const WorkId id : on_way_) volume_->cancel(id);
  volume_->unplug();
}

std::uint64_t BlockStream::num_blocks() const {
  if (!job_.total) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(std::ceil(*job_.total / job_.block_size));
}

Seconds BlockStream::due(std::uint64_t index) const {
  if (!job_.rate_limit) return started_;
  return started_ + static_cast<double>(index) * (job_.block_size / *job_.rate_limit);
}

storage::Io BlockStream::block(std::uint64_t index) const {
  const auto size = static_cast<std::uint64_t>(job_.block_size.value());
  const std::uint64_t in_region = std::max<std::uint64_t>(1, job_.region_bytes / size);
  return {.owner = job_.owner,
          .direction = job_.direction,
          .pattern = job_.pattern,
          .size = job_.block_size,
          .position = job_.region_begin + index % in_region * size,
          .priority = job_.priority,
          .uniform = job_.variates.uniform(index)};
}

void BlockStream::issue() {
  const Seconds now = engine_->now();
  while (!ready_.empty() && num_issued_ < num_blocks()) {
    const Seconds at = std::max(ready_.front(), due(num_issued_));
    if (at > now) {
      alarm_.set(at);
      break;
    }
    ready_.pop_front();
    storage::Io io = block(num_issued_++);
    volume_->submit(io, *this, io.position);
    on_way_.push_back(io.id);
  }
  volume_->unplug();
}

void BlockStream::io_ended(std::size_t, storage::IoCompletion&& completion) {
  on_way_.erase(std::find(on_way_.begin(), on_way_.end(), completion.id));
  ready_.push_back(engine_->now() + job_.think_time);
  ++num_completed_;
  if (num_completed_ < num_blocks()) return issue();
  const std::function<void()> on_end = std::move(on_end_);
  if (on_end) on_end();  // may end this stream
}

Bytes BlockStream::progress() const {
  const Bytes moved = job_.block_size * static_cast<double>(num_completed_);
  return std::min(moved, job_.total.value_or(moved));
}

}  // namespace labtwin::service
