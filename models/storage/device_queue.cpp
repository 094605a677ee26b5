#include "models/storage/device_queue.hpp"

#include <algorithm>

namespace labtwin::storage {
namespace {

bool later(const DeviceQueue::Event& a, const DeviceQueue::Event& b) {
  return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
}

constexpr std::size_t index_of(Direction direction) {
  return static_cast<std::size_t>(direction);
}

Occupancy::Use use_of(Direction direction) {
  return direction == Direction::Read ? Occupancy::Use::Read : Occupancy::Use::Write;
}

}  // namespace

DeviceQueue::DeviceQueue(const DriveLaw& law, const DeviceLimits& limits)
    : law_(law), limits_(limits), occupancy_(limits.interference), medium_(law, limits.aging, limits.thermal) {
  if (limits.slc_cache) slc_cache_.emplace(*limits.slc_cache);
}

bool DeviceQueue::fits(Direction direction, Bytes size) const {
  if (num_in_flight_ == 0) return true;
  if (num_in_flight_ >= limits_.tags) return false;
  const auto& window = direction == Direction::Read ? limits_.read_window : limits_.write_window;
  const Bytes in_flight = bytes_in_flight_[index_of(direction)];
  return !window || in_flight == Bytes{} || in_flight + size <= *window;
}

void DeviceQueue::push(Event event) {
  event.sequence = next_sequence_++;
  events_.push_back(event);
  std::push_heap(events_.begin(), events_.end(), later);
}

void DeviceQueue::enter(Seconds now, const Command& command, Seconds work) {
  occupancy_.advance(now);
  occupancy_.add(command.owner, use_of(command.io.direction), work);
  ++num_in_flight_;
  bytes_in_flight_[index_of(command.io.direction)] += command.io.block_size;
}

// A sequential command that does not go on where the head is costs what a random one costs. What lies a track or two ahead
// comes by under the head.
IoClass DeviceQueue::with_seek(const Command& command) {
  constexpr std::uint64_t kPassesBy = 1U << 20U;
  IoClass io = command.io;
  if (!limits_.has_head) return io;
  const bool is_near = !head_ || (command.position + kPassesBy >= *head_ && command.position <= *head_ + kPassesBy);
  head_ = command.position + static_cast<std::uint64_t>(io.block_size.value());
  if (!is_near) io.pattern = Pattern::Random;
  return io;
}

DeviceQueue::Started DeviceQueue::start(Seconds now, const Command& given, bool degraded) {
  Command command = given;
  command.io = with_seek(given);
  const Seconds work = medium_.enter(now, command.io);
  enter(now, command, work);
  work_entered_ += work;
  const Seconds backlog = occupancy_.backlog(command.io.direction);
  const Seconds mean = law_.mean_latency(command.io, {backlog, static_cast<double>(num_in_flight_)});
  const Seconds own = work + command.own_work_ahead;
  const Seconds alone = backlog <= own ? mean : law_.mean_latency(command.io, {own, own / work});
  const double scatter = tail_quantile(law_.tail(command.io, std::min(1.0, backlog / mean)), command.uniform) *
                         (degraded ? limits_.degraded_slowdown : 1.0);
  Seconds finish = now + scatter * mean;
  if (slc_cache_ && command.io.direction == Direction::Write) {
    finish = std::max(finish, slc_cache_->write(now, command.io.block_size, work));
  }
  Seconds flushed = finish;
  if (limits_.write_cache && command.io.direction == Direction::Write) {
    // Flushing goes on in order, one write after the other; a full cache makes the write wait for room.
    const WriteCache& cache = *limits_.write_cache;
    flush_end_ = std::max(flush_end_, now) + command.io.block_size / cache.flush_bandwidth;
    finish = std::max(finish, flush_end_ - cache.capacity / cache.flush_bandwidth);
    flushed = std::max(finish, flush_end_);
  }
  push_finish(command, work, finish, flushed);
  const Seconds service = std::min(scatter * alone, finish - now);
  return {.work = work, .finish = finish, .service = service, .waiting = finish - now - service};
}

Seconds DeviceQueue::restore(Seconds now, const Command& command, Seconds finish) {
  static_cast<void>(with_seek(command));
  const Seconds work = medium_.work(command.io);
  enter(now, command, work);
  push_finish(command, work, finish, finish);
  if (slc_cache_ && command.io.direction == Direction::Write) slc_cache_->busy_until(finish);
  return work;
}

void DeviceQueue::push_finish(const Command& command, Seconds work, Seconds finish, Seconds flushed) {
  push({.at = finish,
        .finished = command.handle,
        .flushed = flushed,
        .owner = command.owner,
        .use = use_of(command.io.direction),
        .work = work,
        .size = command.io.block_size});
}

std::optional<Seconds> DeviceQueue::next_event() const {
  if (events_.empty()) return std::nullopt;
  return events_.front().at;
}

DeviceQueue::Event DeviceQueue::take_event() {
  std::pop_heap(events_.begin(), events_.end(), later);
  const Event event = events_.back();
  events_.pop_back();
  occupancy_.advance(event.at);
  occupancy_.remove(event.owner, event.use, event.work);
  if (event.finished) {
    --num_in_flight_;
    bytes_in_flight_[event.use == Occupancy::Use::Read ? 0 : 1] -= event.size;
  }
  if (event.finished && event.flushed > event.at) {
    occupancy_.add(event.owner, Occupancy::Use::Flush, event.work);
    push({.at = event.flushed,
          .flushed = event.flushed,
          .owner = event.owner,
          .use = Occupancy::Use::Flush,
          .work = event.work});
  }
  return event;
}

void DeviceQueue::clear(Seconds now) {
  occupancy_.advance(now);
  for (const Event& event : events_) occupancy_.remove(event.owner, event.use, event.work);
  events_.clear();
  num_in_flight_ = 0;
  bytes_in_flight_.fill(Bytes{});
}

void DeviceQueue::delay(Seconds by) {
  for (Event& event : events_) {
    event.at += by;
    event.flushed += by;
  }
  flush_end_ += by;
}

}  // namespace labtwin::storage
