#include "models/network/pipe.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace labtwin::network {

Nanos PipeSettings::draw_delay(Variates& variates) const {
  if (at_once > 0.0 && variates.next() < at_once) return 0;
  if (jitter == 0) return delay;
  return std::max<Nanos>(delay + static_cast<Nanos>(deviation(shape, variates) * static_cast<double>(jitter)), 0);
}

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
  const double bytes = packet.payload + kHeaderBytes + kEthernetHeaderBytes;
  if (backlog_bytes_ + bytes > settings_.queue_bytes) return;
  if (static_cast<std::int64_t>(on_the_way_.size()) >= settings_.max_held) return;
  const double on_wire = settings_.framing.taken(packet.payload + kHeaderBytes) * nanos_per_byte_;
  full_at_ = std::max(full_at_, static_cast<double>(now)) + on_wire;
  const double ready = full_at_ - settings_.burst_bytes * nanos_per_byte_;
  const Nanos departure = std::max({now, last_departure_, static_cast<Nanos>(std::ceil(ready))});
  last_departure_ = departure;
  if (departure > now) {
    queue_.push_back({departure, bytes});
    backlog_bytes_ += bytes;
  }
  if (loss_.lose()) return;
  Traveller traveller{departure + settings_.draw_delay(delays_), packet};
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
  return loss_.lose() ? kNever : now + settings_.draw_delay(delays_);
}

}  // namespace labtwin::network
