#include "models/storage/drive.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::storage {

Drive::Drive(std::unique_ptr<const DriveLaw> law, const DriveSettings& settings)
    : law_(std::move(law)),
      settings_(settings),
      scheduler_(make_io_scheduler(settings.scheduler)),
      device_(*law_, settings.limits) {}

void Drive::submit(Seconds now, const Io& io) {
  run_until(now);
  leave_alone(now);
  if (health_ == Health::Dead) {
    report(io.id, io.owner, Outcome::Failed, now, now, {});
    return;
  }
  ++num_foreign_;
  const Slot slot = admit(now, io, std::nullopt);
  io_by_id_.emplace(io.id, slot);
  pump(now);
  if (ios_[slot].num_waiting > 0) ios_[slot].occupied_then = device_.occupancy().occupied();
}

Drive::Slot Drive::open_io(Seconds now, const Io& io, std::optional<Slot> bulk) {
  const Slot slot = ios_.take();
  IoState& state = ios_[slot];
  state.io = io;
  state.submitted = now;
  state.bulk = bulk;
  state.num_waiting = 0;
  state.num_in_drive = 0;
  state.work_in_drive = {};
  state.last_finish = {};
  state.causes.clear();
  state.occupied_then.clear();
  state.abandoned = false;
  return slot;
}

// Splits the I/O into requests and hands them to the scheduler.
Drive::Slot Drive::admit(Seconds now, const Io& io, std::optional<Slot> bulk) {
  const Slot slot = open_io(now, io, bulk);
  split(slot, [&](Slot request) {
    scheduler_->add(now, queued(request));
    ++ios_[slot].num_waiting;
    ++num_waiting_;
  });
  return slot;
}

QueuedRequest Drive::queued(Slot request) const {
  const Request& r = requests_[request];
  const Io& io = ios_[r.io].io;
  return {.handle = request, .direction = io.direction, .priority = io.priority, .position = r.position};
}

DeviceQueue::Command Drive::command_of(Slot request) const {
  const Request& r = requests_[request];
  const IoState& state = ios_[r.io];
  return {.handle = request,
          .owner = state.io.owner,
          .io = {.direction = state.io.direction, .pattern = state.io.pattern, .block_size = r.size},
          .position = r.position,
          .uniform = state.io.uniform,
          .own_work_ahead = state.work_in_drive};
}

// Moves requests into the drive while it has room. A request that was taken from the scheduler and does not fit waits at the
// head, as in the dispatch list of a kernel queue.
void Drive::pump(Seconds now) {
  if (health_ == Health::Hung) return;
  device_.occupancy().advance(now);
  while (num_waiting_ > 0) {
    if (!staged_) staged_ = scheduler_->take_next(now);
    if (!staged_ || !has_room_for(*staged_)) return;
    start_request(now, *std::exchange(staged_, std::nullopt));
  }
}

bool Drive::has_room_for(Slot request) const {
  const Request& r = requests_[request];
  return device_.fits(ios_[r.io].io.direction, r.size);
}

void Drive::start_request(Seconds now, Slot request) {
  IoState& state = ios_[requests_[request].io];
  const auto started = device_.start(now, command_of(request), health_ == Health::Degraded);
  requests_[request].in_drive = true;
  --num_waiting_;
  --state.num_waiting;
  ++state.num_in_drive;
  state.work_in_drive += started.work;
  if (started.finish < state.last_finish) return;
  state.last_finish = started.finish;
  if (!state.bulk) record_causes(now, state, started);
}

// Waiting in the scheduler goes to whoever occupied the drive meanwhile, waiting in the drive to whoever has work in flight,
// both in proportion. Where nobody did (the drive hung), the asker itself is named.
void Drive::record_causes(Seconds now, IoState& state, const DeviceQueue::Started& started) const {
  const Occupancy& occupancy = device_.occupancy();
  const Direction direction = state.io.direction;
  const Seconds in_scheduler = now - state.submitted;
  const Seconds others = occupancy.backlog(direction) - state.work_in_drive;
  Seconds left = in_scheduler + started.waiting;
  const Seconds negligible = 1e-12 * (in_scheduler + started.waiting + started.service);
  state.causes.clear();
  for (std::size_t i = 0; i < occupancy.num_owners() && left > negligible; ++i) {
    const auto owner = static_cast<OwnerId>(i);
    Seconds waited;
    if (in_scheduler > Seconds{}) {
      waited += occupancy.occupied()[i] - (i < state.occupied_then.size() ? state.occupied_then[i] : Seconds{});
    }
    const Seconds in_flight =
        occupancy.backlog_of(owner, direction) - (owner == state.io.owner ? state.work_in_drive : Seconds{});
    if (in_flight > Seconds{} && others > Seconds{}) waited += started.waiting * (in_flight / others);
    waited = std::min(waited, left);
    if (waited <= negligible) continue;
    state.causes.push_back({DelayKind::Waiting, owner, waited});
    left -= waited;
  }
  if (left > negligible) state.causes.push_back({DelayKind::Waiting, state.io.owner, left});
  Seconds waited;
  for (const Cause& cause : state.causes) waited += cause.duration;
  state.causes.push_back({DelayKind::Service, state.io.owner, started.finish - state.submitted - waited});
}

std::optional<Seconds> Drive::next_internal_event() const {
  if (health_ == Health::Hung || health_ == Health::Dead) return std::nullopt;
  const auto device = alone_since_ ? std::nullopt : device_.next_event();
  const auto bulk = next_bulk_event();
  if (!device || !bulk) return device ? device : bulk;
  return std::min(*device, *bulk);
}

std::optional<Seconds> Drive::next_event() const {
  if (!completed_.empty()) return now_;
  const auto next = next_internal_event();
  return next ? std::max(*next, now_) : next;
}

std::vector<IoCompletion> Drive::advance(Seconds now) {
  run_until(now);
  return std::exchange(completed_, {});
}

void Drive::run_until(Seconds now) {
  LABTWIN_CHECK(now >= now_, "the time of a drive went backwards");
  while (const auto next = next_internal_event()) {
    if (*next > now) break;
    now_ = std::max(now_, *next);
    if (!alone_since_ && device_.next_event() == next) {
      finish_request(now_, device_.take_event());
    } else {
      handle_bulk_event(now_);
    }
  }
  now_ = now;
}

void Drive::finish_request(Seconds now, const DeviceQueue::Event& event) {
  if (!event.finished) return;
  const Slot io = requests_[*event.finished].io;
  IoState& state = ios_[io];
  scheduler_->completed(state.io.priority);
  requests_.release(*event.finished);
  --state.num_in_drive;
  state.work_in_drive = state.num_in_drive == 0 ? Seconds{} : state.work_in_drive - event.work;
  // Requests that wait go first: they were there before anything that this completion gives rise to.
  pump(now);
  if (state.num_in_drive == 0 && state.num_waiting == 0) finish_io(now, io);
}

void Drive::finish_io(Seconds now, Slot io) {
  IoState& state = ios_[io];
  const auto bulk = state.bulk;
  if (!bulk) {
    --num_foreign_;
    num_blocks_alone_ = 0;
    if (!state.abandoned) {
      io_by_id_.erase(state.io.id);
      report(state.io.id, state.io.owner, Outcome::Completed, state.submitted, now, std::move(state.causes));
    }
  }
  ios_.release(io);
  if (bulk) block_completed(now, *bulk);
}

void Drive::report(WorkId id, OwnerId owner, Outcome outcome, Seconds submitted, Seconds finished, Causes causes) {
  completed_.push_back({.id = id,
                        .owner = owner,
                        .outcome = outcome,
                        .submitted = submitted,
                        .finished = finished,
                        .causes = std::move(causes)});
}

void Drive::cancel(Seconds now, WorkId id) {
  run_until(now);
  if (const auto bulk = bulk_by_id_.find(id); bulk != bulk_by_id_.end()) {
    leave_alone(now);
    const Slot slot = bulk->second;
    ios_.for_each([&](Slot io, const IoState& state) {
      if (state.bulk == slot) abandon(now, io);
    });
    bulks_.release(slot);
    bulk_by_id_.erase(bulk);
  } else if (const auto io = io_by_id_.find(id); io != io_by_id_.end()) {
    const Slot slot = io->second;
    io_by_id_.erase(io);
    abandon(now, slot);
  }
  pump(now);
}

// Takes the requests of an I/O out of the scheduler; those in the drive run on and are not reported.
void Drive::abandon(Seconds now, Slot io) {
  IoState& state = ios_[io];
  if (state.num_waiting > 0) {
    requests_.for_each([&](Slot request, const Request& r) {
      if (r.io != io || r.in_drive) return;
      if (staged_ == request) {
        staged_.reset();
        scheduler_->completed(state.io.priority);
      } else {
        scheduler_->remove(queued(request));
      }
      --state.num_waiting;
      --num_waiting_;
      requests_.release(request);
    });
  }
  if (std::exchange(state.bulk, std::nullopt)) ++num_foreign_;
  state.abandoned = true;
  if (state.num_in_drive == 0) finish_io(now, io);
}

void Drive::set_health(Seconds now, Health health) {
  run_until(now);
  if (health == health_) return;
  leave_alone(now);
  if (health_ == Health::Hung) {
    // What was in flight got no time while the drive hung.
    const Seconds stalled = now - hung_since_;
    device_.delay(stalled);
    ios_.for_each([&](Slot, IoState& state) {
      if (state.num_in_drive == 0) return;
      state.last_finish += stalled;
      state.causes.push_back({DelayKind::Waiting, state.io.owner, stalled});
    });
  }
  health_ = health;
  if (health == Health::Hung) hung_since_ = now;
  if (health == Health::Dead) fail_everything(now);
  pump(now);
}

void Drive::fail_everything(Seconds now) {
  ios_.for_each([&](Slot, const IoState& state) {
    if (state.bulk || state.abandoned) return;
    report(state.io.id, state.io.owner, Outcome::Failed, state.submitted, now,
           {{DelayKind::Waiting, state.io.owner, now - state.submitted}});
  });
  bulks_.for_each([&](Slot, const BulkState& bulk) {
    report(bulk.id, bulk.job.owner, Outcome::Failed, bulk.started, now,
           {{DelayKind::Waiting, bulk.job.owner, now - bulk.started}});
  });
  scheduler_ = make_io_scheduler(settings_.scheduler);
  device_.clear(now);
  requests_ = {};
  ios_ = {};
  bulks_ = {};
  io_by_id_.clear();
  bulk_by_id_.clear();
  staged_.reset();
  num_waiting_ = 0;
  num_foreign_ = 0;
}

std::optional<FlashWrites> Drive::flash_writes(Seconds now) const {
  const std::optional<GarbageCollection>& collection = device_.medium().garbage_collection();
  if (!collection) return std::nullopt;
  return collection->writes(alone_since_ ? medium_alone_.random_writes * (now - *alone_since_) : Bytes{});
}

Seconds Drive::work_entered(Seconds now) const {
  Seconds work = device_.work_entered() + work_alone_;
  if (!alone_since_) return work;
  bulks_.for_each(
      [&](Slot, const BulkState& bulk) { work += bulk.request_work * (bulk.flow.request_rate * (now - *alone_since_)); });
  return work;
}

}  // namespace labtwin::storage
