#include "sim/service/log_volume.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

void LogVolume::submit(storage::Io& io, IoListener& listener, std::size_t tag) {
  storage::Io later = io;
  pool_->submit(later, *this, 0);
  io.position = end_of_log_;
  io.pattern = storage::Pattern::Sequential;
  end_of_log_ += static_cast<std::uint64_t>(io.size.value());
  log_->submit(io, listener, tag);
}

void LogVolume::unplug() {
  log_->unplug();
  pool_->unplug();
}

WorkId LogVolume::start_bulk(const storage::BulkJob& job, std::function<void()> on_end) {
  const BytesPerSecond paced = rate_alone({.direction = job.direction,
                                           .block_size = job.block_size,
                                           .depth = job.depth,
                                           .think_time = job.think_time,
                                           .pattern = job.pattern});
  storage::BulkJob logged = job;
  logged.pattern = storage::Pattern::Sequential;
  logged.rate_limit = std::min(paced, job.rate_limit.value_or(paced));
  storage::BulkJob later = job;
  later.think_time = {};
  later.rate_limit = logged.rate_limit;
  const WorkId id = log_->start_bulk(logged, std::move(on_end));
  on_pool_[id] = pool_->start_bulk(later, {});
  return id;
}

void LogVolume::stop_bulk(WorkId id) {
  log_->stop_bulk(id);
  if (const auto found = on_pool_.find(id); found != on_pool_.end()) {
    pool_->stop_bulk(found->second);
    on_pool_.erase(found);
  }
}

BytesPerSecond LogVolume::rate_alone(const StreamWindow& window) const {
  StreamWindow logged = window;
  logged.pattern = storage::Pattern::Sequential;
  StreamWindow later = window;
  later.think_time = {};
  return std::min(log_->rate_alone(logged), pool_->rate_alone(later));
}

Seconds LogVolume::sync_time(storage::SyncCall call) const {
  return call == storage::SyncCall::None ? Seconds{} : log_->sync_time(storage::SyncCall::Fdatasync);
}

}  // namespace labtwin::service
