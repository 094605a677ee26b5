#include "sim/service/etl_job.hpp"

#include <algorithm>

#include "models/storage/dirty_pages.hpp"
#include "sim/process/repetition.hpp"

namespace labtwin::service {
namespace {

/// How often the transform takes what has been read.
constexpr Seconds kSlice = Seconds::from_base(0.1);

/// What the job asks for at most: its limit, or what its cores transform. Nothing: whatever the drive gives.
std::optional<BytesPerSecond> own_limit(const EtlJobOptions& options) {
  std::optional<BytesPerSecond> limit = options.rate_limit;
  if (options.transform_rate) {
    const BytesPerSecond transformed = *options.transform_rate * static_cast<double>(options.num_workers);
    limit = limit ? std::min(*limit, transformed) : transformed;
  }
  return limit;
}

}  // namespace

BytesPerSecond planned_rate(const EtlJobOptions& options, const PlannedRate& drives) {
  BytesPerSecond rate = drives.read_alone ? *drives.read_alone : drives.write_alone.value_or(BytesPerSecond{});
  if (drives.read_alone && drives.write_alone) {
    const double write_share = options.write_ratio * (*drives.read_alone / *drives.write_alone);
    rate = drives.same_drive ? *drives.read_alone / (1.0 + write_share) : *drives.read_alone / std::max(1.0, write_share);
  }
  const std::optional<BytesPerSecond> limit = own_limit(options);
  return limit ? std::min(rate, *limit) : rate;
}

EtlJob::EtlJob(Engine& engine, const RandomSource& random, const EtlJobOptions& options, const Places& places,
               BytesPerSecond planned)
    : engine_(&engine),
      options_(options),
      places_(places),
      planned_(planned),
      latencies_(random.stream("etl_job.latency")),
      reader_(engine),
      writer_(engine) {}

Bytes EtlJob::bytes_read() {
  return reader_.is_running() ? read_before_ + reader_.progress() : read_before_;
}

Bytes EtlJob::bytes_written() {
  return writer_.is_running() ? written_before_ + writer_.progress() : written_before_;
}

Seconds EtlJob::active_time() const {
  return is_active_ ? active_time_ + (engine_->now() - active_since_) : active_time_;
}

Task<> EtlJob::run() {
  return repeat(*engine_, options_.schedule, [this] { return run_once(); });
}

// What memory still holds of an earlier pass is copied out of it before the rest is read.
Task<> EtlJob::read_from_memory() {
  from_memory_ = {};
  if (!options_.read || !options_.schedule.volume || !places_.memory) co_return;
  const Bytes volume = *options_.schedule.volume;
  from_memory_ = volume * places_.memory->cache->served_share(places_.memory->file, volume);
  const BytesPerSecond copied = storage::kCopyRate * static_cast<double>(options_.num_workers);
  const BytesPerSecond rate = std::min(copied, own_limit(options_).value_or(copied));
  co_await engine_->hold(from_memory_ / rate);
  read_before_ += from_memory_;
}

Task<> EtlJob::run_once() {
  is_active_ = true;
  active_since_ = engine_->now();
  co_await read_from_memory();
  Trigger<> has_ended(*engine_);
  begin(has_ended);
  std::vector<Task<>> workers;
  if (options_.transform_rate && reader_.is_running()) {
    for (std::size_t i = 0; i < options_.num_workers; ++i) workers.push_back(transform());
  }
  std::vector<Process> processes;
  for (Task<>& worker : workers) processes.push_back(engine_->spawn("etl transform", std::move(worker), ProcessKind::Server));
  if (options_.schedule.duration) {
    co_await engine_->hold(*options_.schedule.duration);
  } else if (!reader_.is_running() && !writer_.is_running()) {
    // All of it is in the page cache, or fits into it.
    if (!options_.read) co_await engine_->hold(*options_.schedule.volume / storage::kCopyRate);
    ++num_passes_;
    time_of_passes_ += engine_->now() - active_since_;
  } else {
    co_await has_ended;
    ++num_passes_;
    time_of_passes_ += engine_->now() - active_since_;
  }
  for (const Process& process : processes) process.cancel();
  end();
}

void EtlJob::begin(Trigger<>& has_ended) {
  const Bytes volume = options_.schedule.volume.value_or(Bytes{});
  if (options_.read && places_.memory && options_.schedule.volume && from_memory_ >= volume) return;
  if (options_.read) {
    storage::BulkJob job = bulk_of(*options_.read, storage::Direction::Read);
    if (options_.schedule.volume) job.total = volume - from_memory_;
    job.rate_limit = own_limit(options_);
    reader_.start(*places_.read_drive, places_.from_drive, job, places_.read_alone, [this, volume, &has_ended] {
      read_before_ += volume - from_memory_;
      has_ended.complete();
    });
  }
  if (options_.write) {
    storage::BulkJob job = bulk_of(*options_.write, storage::Direction::Write);
    if (options_.read) {
      job.rate_limit = planned_ * options_.write_ratio;
      writer_.start(*places_.write_drive, places_.to_drive, job, places_.write_alone, {});
      return;
    }
    begin_writing_only(has_ended);
  }
}

// What the page cache takes goes to the drive as well, but the job does not wait for it: the last of it is written by the
// kernel after the job has ended.
void EtlJob::begin_writing_only(Trigger<>& has_ended) {
  storage::BulkJob job = bulk_of(*options_.write, storage::Direction::Write);
  job.rate_limit = own_limit(options_);
  job.total = options_.schedule.volume;
  const Bytes ahead = std::min(options_.write->room, options_.schedule.volume.value_or(Bytes{}));
  written_before_ += ahead;
  if (job.total && ahead == *job.total) {
    places_.write_drive->start_bulk(job, {});
    return;
  }
  if (job.total) job.total = *job.total - ahead;
  writer_.start(*places_.write_drive, places_.to_drive, job, places_.write_alone, [this, ahead, &has_ended] {
    written_before_ += *options_.schedule.volume - ahead;
    storage::BulkJob rest = bulk_of(*options_.write, storage::Direction::Write);
    rest.total = ahead;
    if (ahead > Bytes{}) places_.write_drive->start_bulk(rest, {});
    has_ended.complete();
  });
}

void EtlJob::end() {
  read_before_ = bytes_read();
  written_before_ = bytes_written();
  active_time_ = active_time();
  is_active_ = false;
  reader_.stop();
  writer_.stop();
}

storage::BulkJob EtlJob::bulk_of(const IoWindow& window, storage::Direction direction) const {
  storage::BulkJob job;
  job.owner = options_.owner;
  job.direction = direction;
  job.pattern = window.pattern;
  job.block_size = window.block_size;
  job.depth = window.depth;
  job.priority = options_.priority;
  job.region_begin = window.region_begin;
  job.think_time = window.sync;
  job.variates = latencies_;
  return job;
}

Task<> EtlJob::transform() {
  Bytes done = bytes_read();
  while (true) {
    co_await engine_->hold(kSlice);
    const Bytes read = bytes_read();
    const Bytes share = (read - done) / static_cast<double>(options_.num_workers);
    done = read;
    if (share > Bytes{}) co_await places_.cores->compute(share / *options_.transform_rate, options_.owner);
  }
}

}  // namespace labtwin::service
