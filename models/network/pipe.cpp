#include "models/network/pipe.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

namespace labtwin::network {
namespace {

// What a token bucket lets through at once: two full packets, as small as the queueing discipline takes it.
constexpr double kBurstBytes = 3100.0;
// The Ethernet header, which counts against the queue.
constexpr double kQueuedHeaderBytes = 14.0;

}  // namespace

Pipe::Pipe(const PipeSchedule& schedule, Nanos begin, Variates losses, Variates delays)
    : schedule_(&schedule),
      settings_(schedule.front().settings),
      nanos_per_byte_(1e9 / settings_.rate.value()),
      loss_(settings_.loss, losses),
      delays_(delays) {
  follow_schedule(begin);
}

void Pipe::follow_schedule(Nanos now) {
  const std::size_t before = state_;
  while (state_ + 1 < schedule_->size() && (*schedule_)[state_ + 1].from <= now) ++state_;
  if (state_ == before) return;
  settings_ = (*schedule_)[state_].settings;
  share(num_users_);
  loss_.change(settings_.loss);
}

void Pipe::share(double num_users) noexcept {
  num_users_ = num_users;
  nanos_per_byte_ = 1e9 * num_users / settings_.rate.value();
}

// Box and Muller for the normal variate.
Nanos Pipe::delay() {
  if (settings_.at_once > 0.0 && delays_.next() < settings_.at_once) return 0;
  if (settings_.jitter == 0) return settings_.delay;
  const double normal = std::sqrt(-2.0 * std::log(delays_.next())) * std::cos(2.0 * std::numbers::pi * delays_.next());
  return std::max<Nanos>(settings_.delay + static_cast<Nanos>(normal * static_cast<double>(settings_.jitter)), 0);
}

void Pipe::send(Nanos now, const Packet& packet) {
  follow_schedule(now);
  enter(now, packet);
  if (settings_.duplicate > 0.0 && delays_.next() < settings_.duplicate) enter(now, packet);
}

void Pipe::enter(Nanos now, const Packet& packet) {
  while (!queue_.empty() && queue_.front().departure <= now) {
    backlog_bytes_ -= queue_.front().bytes;
    queue_.pop_front();
  }
  const double bytes = packet.payload + kHeaderBytes + kQueuedHeaderBytes;
  if (backlog_bytes_ + bytes > settings_.queue_bytes) return;
  const double on_wire = (packet.payload + kHeaderBytes + kFramingBytes) * nanos_per_byte_;
  const double ready = full_at_ + on_wire - kBurstBytes * nanos_per_byte_;
  const Nanos departure = std::max({now, last_departure_, static_cast<Nanos>(std::ceil(ready))});
  full_at_ = std::max(full_at_, static_cast<double>(departure)) + on_wire;
  last_departure_ = departure;
  if (departure > now) {
    queue_.push_back({departure, bytes});
    backlog_bytes_ += bytes;
  }
  if (loss_.lose()) return;
  Traveller traveller{departure + delay(), packet};
  if (settings_.keeps_order) traveller.arrival = std::max(traveller.arrival, last_arrival_);
  last_arrival_ = std::max(last_arrival_, traveller.arrival);
  auto at = on_the_way_.end();
  while (at != on_the_way_.begin() && std::prev(at)->arrival > traveller.arrival) --at;
  on_the_way_.insert(at, traveller);
}

Packet Pipe::receive() {
  const Packet packet = on_the_way_.front().packet;
  on_the_way_.pop_front();
  return packet;
}

Nanos Pipe::deliver_alone(Nanos now) {
  follow_schedule(now);
  return loss_.lose() ? kNever : now + delay();
}

}  // namespace labtwin::network
