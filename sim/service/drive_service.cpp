#include "sim/service/drive_service.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {

DriveService::DriveService(Engine& engine, ResourceId resource, std::unique_ptr<storage::Drive> drive, Seconds flush)
    : Volume(engine),
      resource_(resource),
      drive_(std::move(drive)),
      flush_(flush),
      alarm_(engine, [this] { wake(); }),
      late_alarm_(engine, [this] { tell_late(); }) {}

void DriveService::cross(Bus& bus, std::vector<topology::LaneUse> reads, std::vector<topology::LaneUse> writes) {
  reads_ = std::make_unique<Bus::Crossing>(bus, std::move(reads));
  writes_ = std::make_unique<Bus::Crossing>(bus, std::move(writes));
}

void DriveService::submit(storage::Io& io, IoListener& listener, std::size_t tag) {
  note_waiting();
  io.id = next_id_++;
  pending_.emplace(io.id, Pending{.listener = &listener, .tag = tag, .size = io.size, .direction = io.direction});
  drive_->submit(engine().now(), io);
}

void DriveService::cancel(WorkId id) {
  if (pending_.erase(id) > 0) drive_->cancel(engine().now(), id);
}

std::vector<DriveService::BulkEntry>::iterator DriveService::find_bulk(WorkId id) {
  return std::find_if(bulk_jobs_.begin(), bulk_jobs_.end(), [id](const BulkEntry& entry) { return entry.id == id; });
}

WorkId DriveService::start_bulk(const storage::BulkJob& job, std::function<void()> on_end) {
  const WorkId id = next_id_++;
  bulk_jobs_.push_back({.id = id, .owner = job.owner, .window = job.block_size * job.depth, .on_end = std::move(on_end)});
  drive_->start_bulk(engine().now(), id, job);
  arm();
  return id;
}

void DriveService::stop_bulk(WorkId id) {
  const auto entry = find_bulk(id);
  if (entry == bulk_jobs_.end()) return;
  bulk_jobs_.erase(entry);
  drive_->cancel(engine().now(), id);
  arm();
}

Bytes DriveService::bulk_progress(WorkId id) {
  return find_bulk(id) == bulk_jobs_.end() ? Bytes{} : drive_->bulk_progress(engine().now(), id);
}

std::optional<OwnerId> DriveService::main_owner() const noexcept {
  const auto largest = std::max_element(bulk_jobs_.begin(), bulk_jobs_.end(),
                                        [](const BulkEntry& a, const BulkEntry& b) { return a.window < b.window; });
  return largest == bulk_jobs_.end() ? std::nullopt : std::optional(largest->owner);
}

BytesPerSecond DriveService::rate_alone(const StreamWindow& window) const {
  const storage::IoClass io{window.direction, window.pattern, window.block_size};
  const Seconds latency = storage::closed_loop(drive_->law(), io, window.depth).mean_latency;
  return window.block_size * (static_cast<double>(window.depth) / (latency + window.think_time));
}

Seconds DriveService::sync_time(storage::SyncCall call) const {
  return storage::sync_time(drive_->law(), flush_, call);
}

Seconds DriveService::work_entered() const {
  return drive_->work_entered(engine().now());
}

std::optional<storage::FlashWrites> DriveService::flash_writes() const {
  return drive_->flash_writes(engine().now());
}

Seconds DriveService::waiting_time() {
  note_waiting();
  return waiting_time_;
}

void DriveService::wake() {
  note_waiting();
  for (storage::IoCompletion& completion : drive_->advance(engine().now())) {
    if (const auto bulk = find_bulk(completion.id); bulk != bulk_jobs_.end()) {
      const std::function<void()> on_end = std::move(bulk->on_end);
      bulk_jobs_.erase(bulk);
      if (on_end) on_end();
      continue;
    }
    end(std::move(completion));
  }
  arm();
}

void DriveService::end(storage::IoCompletion&& completion) {
  const auto found = pending_.find(completion.id);
  if (found == pending_.end()) return;  // whoever asked has given up
  Bus::Crossing* crossing = (found->second.direction == storage::Direction::Read ? reads_ : writes_).get();
  const Seconds late = crossing != nullptr ? crossing->lateness(found->second.size) : Seconds{};
  if (late <= Seconds{}) return tell(std::move(completion));
  for (const Bus::Culprit& culprit : crossing->culprits()) {
    completion.causes.push_back({DelayKind::Slowdown, culprit.owner, late * culprit.share});
  }
  completion.finished += late;
  late_.emplace(completion.finished, std::move(completion));
  late_alarm_.set(late_.begin()->first);
}

void DriveService::tell(storage::IoCompletion&& completion) {
  const auto found = pending_.find(completion.id);
  if (found == pending_.end()) return;
  const Pending io = found->second;
  pending_.erase(found);
  io.listener->io_ended(io.tag, std::move(completion));
}

void DriveService::tell_late() {
  while (!late_.empty() && late_.begin()->first <= engine().now()) {
    storage::IoCompletion completion = std::move(late_.begin()->second);
    late_.erase(late_.begin());
    tell(std::move(completion));
  }
  if (!late_.empty()) late_alarm_.set(late_.begin()->first);
}

void DriveService::arm() {
  if (const auto next = drive_->next_event()) {
    alarm_.set(*next);
  } else {
    alarm_.clear();
  }
}

void DriveService::note_waiting() {
  const Seconds now = engine().now();
  waiting_time_ += (now - noted_at_) * drive_->num_waiting();
  noted_at_ = now;
}

}  // namespace labtwin::service
