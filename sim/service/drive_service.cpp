#include "sim/service/drive_service.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

namespace {

// Adds up what has the same kind and culprit, so that a long chain stays small.
Causes joined(Causes causes, const Causes& more) {
  for (const Cause& cause : more) {
    const auto same = std::find_if(causes.begin(), causes.end(), [&cause](const Cause& known) {
      return known.kind == cause.kind && known.culprit == cause.culprit;
    });
    if (same == causes.end()) {
      causes.push_back(cause);
    } else {
      same->duration += cause.duration;
    }
  }
  return causes;
}

}  // namespace

Burst::Burst(DriveService& drive, std::vector<storage::Io> ios, std::size_t window)
    : Resumption(drive.engine_->queue()), drive_(&drive), ios_(std::move(ios)), window_(window) {}

Burst::~Burst() {
  if (num_submitted_ > num_completed_) drive_->forget(*this);
}

void Burst::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  drive_->start(*this);
}

void Burst::note(std::size_t index, storage::IoCompletion&& completion) {
  if (completion.outcome != Outcome::Completed) result_.outcome = completion.outcome;
  ++num_completed_;
  const bool is_last = result_.causes.empty() || completion.finished > last_finish_;
  const bool makes_room = num_submitted_ < ios_.size();
  if (!is_last && !makes_room) return;
  Causes causes = before_.empty() ? std::move(completion.causes) : joined(std::move(before_[index]), completion.causes);
  if (is_last) {
    last_finish_ = completion.finished;
    result_.causes = causes;
  }
  if (makes_room) drive_->submit_next(*this, std::move(causes));
}

DriveService::DriveService(Engine& engine, ResourceId resource, std::unique_ptr<storage::Drive> drive)
    : engine_(&engine), resource_(resource), drive_(std::move(drive)), alarm_(engine, [this] { wake(); }) {}

std::vector<DriveService::BulkEntry>::iterator DriveService::find_bulk(WorkId id) {
  return std::find_if(bulk_jobs_.begin(), bulk_jobs_.end(), [id](const BulkEntry& entry) { return entry.id == id; });
}

WorkId DriveService::start_bulk(const storage::BulkJob& job, std::function<void()> on_end) {
  const WorkId id = next_id_++;
  bulk_jobs_.push_back({.id = id, .owner = job.owner, .window = job.block_size * job.depth, .on_end = std::move(on_end)});
  drive_->start_bulk(engine_->now(), id, job);
  arm();
  return id;
}

void DriveService::stop_bulk(WorkId id) {
  const auto entry = find_bulk(id);
  if (entry == bulk_jobs_.end()) return;
  bulk_jobs_.erase(entry);
  drive_->cancel(engine_->now(), id);
  arm();
}

Bytes DriveService::bulk_progress(WorkId id) {
  return find_bulk(id) == bulk_jobs_.end() ? Bytes{} : drive_->bulk_progress(engine_->now(), id);
}

std::optional<OwnerId> DriveService::main_owner() const noexcept {
  const auto largest = std::max_element(bulk_jobs_.begin(), bulk_jobs_.end(),
                                        [](const BulkEntry& a, const BulkEntry& b) { return a.window < b.window; });
  return largest == bulk_jobs_.end() ? std::nullopt : std::optional(largest->owner);
}

Seconds DriveService::work_entered() const {
  return drive_->work_entered(engine_->now());
}

Seconds DriveService::waiting_time() {
  note_waiting();
  return waiting_time_;
}

void DriveService::start(Burst& burst) {
  note_waiting();
  if (burst.window_ < burst.ios_.size()) burst.before_.resize(burst.ios_.size());
  const std::size_t first_ones = std::min(burst.window_, burst.ios_.size());
  while (burst.num_submitted_ < first_ones) submit_next(burst, {});
  arm();
}

void DriveService::submit_next(Burst& burst, Causes before) {
  const std::size_t index = burst.num_submitted_++;
  storage::Io& io = burst.ios_[index];
  if (!burst.before_.empty()) burst.before_[index] = std::move(before);
  io.id = next_id_++;
  pending_.emplace(io.id, Pending{.burst = &burst, .index = index});
  drive_->submit(engine_->now(), io);
}

void DriveService::forget(Burst& burst) {
  for (std::size_t i = 0; i < burst.num_submitted_; ++i) {
    const WorkId id = burst.ios_[i].id;
    if (pending_.erase(id) > 0) drive_->cancel(engine_->now(), id);
  }
  arm();
}

void DriveService::wake() {
  note_waiting();
  for (storage::IoCompletion& completion : drive_->advance(engine_->now())) {
    if (const auto bulk = find_bulk(completion.id); bulk != bulk_jobs_.end()) {
      const std::function<void()> on_end = std::move(bulk->on_end);
      bulk_jobs_.erase(bulk);
      if (on_end) on_end();
      continue;
    }
    const auto found = pending_.find(completion.id);
    if (found == pending_.end()) continue;  // whoever asked has given up
    const Pending io = found->second;
    pending_.erase(found);
    io.burst->note(io.index, std::move(completion));
    if (io.burst->num_completed_ == io.burst->ios_.size()) engine_->queue().push_ready(*io.burst);
  }
  arm();
}

void DriveService::arm() {
  if (const auto next = drive_->next_event()) {
    alarm_.set(*next);
  } else {
    alarm_.clear();
  }
}

void DriveService::note_waiting() {
  const Seconds now = engine_->now();
  waiting_time_ += (now - noted_at_) * static_cast<double>(drive_->num_waiting());
  noted_at_ = now;
}

}  // namespace labtwin::service
