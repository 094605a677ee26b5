#include "sim/service/paced_bulk.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::service {
namespace {

// Changes of the pace that are smaller, or follow the last one sooner, are not worth the blocks in flight.
constexpr double kSmallChange = 0.03;
constexpr Seconds kShortest = Seconds::from_base(0.25);

}  // namespace

void PacedBulk::start(Volume& volume, const BusWay& way, const storage::BulkJob& job, BytesPerSecond alone,
                      std::function<void()> on_end) {
  volume_ = &volume;
  job_ = job;
  on_end_ = std::move(on_end);
  before_ = {};
  pace_.reset();
  changed_at_ = engine_->now() - kShortest;
  if (way.bus != nullptr) {
    const BytesPerSecond most = job.rate_limit ? std::min(alone, *job.rate_limit) : alone;
    stream_ = std::make_unique<Bus::Stream>(*way.bus, topology::StreamDemand{.lanes = way.lanes, .cap = most}, job.owner,
                                            [this] { changed(); });
    pace_ = wanted_pace();
  }
  issue(job_);
}

void PacedBulk::issue(const storage::BulkJob& job) {
  storage::BulkJob paced = job;
  if (pace_) paced.rate_limit = pace_;
  std::function<void()> ended;
  if (on_end_) {
    ended = [this] {
      id_.reset();
      alarm_.clear();
      stream_.reset();
      const std::function<void()> on_end = std::move(on_end_);
      on_end();
    };
  }
  id_ = volume_->start_bulk(paced, std::move(ended));
}

void PacedBulk::stop() {
  alarm_.clear();
  stream_.reset();
  if (id_) volume_->stop_bulk(*id_);
  id_.reset();
}

Bytes PacedBulk::progress() {
  return id_ ? before_ + volume_->bulk_progress(*id_) : before_;
}

std::optional<BytesPerSecond> PacedBulk::wanted_pace() const {
  return stream_->is_held() ? std::optional(stream_->rate()) : std::nullopt;
}

void PacedBulk::changed() {
  const auto wanted = wanted_pace();
  if (wanted.has_value() == pace_.has_value() &&
      (!wanted || std::abs((*wanted - *pace_).value()) <= kSmallChange * pace_->value())) {
    return alarm_.clear();
  }
  alarm_.set(std::max(engine_->now(), changed_at_ + kShortest));
}

void PacedBulk::apply() {
  const auto wanted = wanted_pace();
  const Bytes moved = volume_->bulk_progress(*id_);
  if (job_.total && moved >= *job_.total - job_.block_size) return;
  pace_ = wanted;
  changed_at_ = engine_->now();
  before_ += moved;
  if (job_.total) job_.total = *job_.total - moved;
  job_.region_begin += static_cast<std::uint64_t>(moved.value());
  volume_->stop_bulk(*id_);
  issue(job_);
}

}  // namespace labtwin::service
