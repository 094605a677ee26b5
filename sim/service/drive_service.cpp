#include "sim/service/drive_service.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

Burst::Burst(DriveService& drive, std::vector<storage::Io> ios)
    : Resumption(drive.engine_->queue()), drive_(&drive), ios_(std::move(ios)) {}

Burst::~Burst() {
  if (num_pending_ > 0) drive_->forget(*this);
}

void Burst::await_suspend(std::coroutine_handle<> process) {
  resumes(process);
  drive_->submit(*this);
}

void Burst::note(storage::IoCompletion&& completion) {
  if (completion.outcome != Outcome::Completed) result_.outcome = completion.outcome;
  if (result_.causes.empty() || completion.finished > last_finish_) {
    last_finish_ = completion.finished;
    result_.causes = std::move(completion.causes);
  }
  --num_pending_;
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

void DriveService::submit(Burst& burst) {
  note_waiting();
  burst.num_pending_ = burst.ios_.size();
  for (storage::Io& io : burst.ios_) {
    io.id = next_id_++;
    bursts_.emplace(io.id, &burst);
    drive_->submit(engine_->now(), io);
  }
  arm();
}

void DriveService::forget(Burst& burst) {
  for (const storage::Io& io : burst.ios_) {
    if (bursts_.erase(io.id) > 0) drive_->cancel(engine_->now(), io.id);
  }
  burst.num_pending_ = 0;
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
    const auto found = bursts_.find(completion.id);
    if (found == bursts_.end()) continue;  // whoever asked has given up
    Burst& burst = *found->second;
    bursts_.erase(found);
    burst.note(std::move(completion));
    if (burst.num_pending_ == 0) engine_->queue().push_ready(burst);
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
