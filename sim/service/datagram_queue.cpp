#include "sim/service/datagram_queue.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace labtwin::service {

DatagramQueue::DatagramQueue(Engine& engine, const network::DatagramReceiver& receiver, std::function<void()> on_departures)
    : engine_(&engine), socket_(receiver), on_departures_(std::move(on_departures)), alarm_(engine, [this] { changed(); }) {}

void DatagramQueue::set_arrivals(PerSecond rate) {
  socket_.set_arrivals(engine_->now(), rate);
  changed();
}

void DatagramQueue::stall() {
  socket_.stall(engine_->now());
  changed();
}

void DatagramQueue::resume() {
  socket_.resume(engine_->now());
  changed();
}

Task<bool> DatagramQueue::pass(std::uint64_t mark, double uniform) {
  if (!socket_.offer(engine_->now(), mark, uniform)) co_return false;
  Trigger<> read(*engine_);
  waiting_.emplace(mark, &read);
  changed();
  co_await read;
  co_return true;
}

void DatagramQueue::changed() {
  const Seconds now = engine_->now();
  for (const std::uint64_t mark : socket_.advance(now)) {
    const auto waiting = waiting_.extract(mark);
    if (!waiting.empty()) waiting.mapped()->complete();
  }
  std::optional<Seconds> next = socket_.next_event();
  if (on_departures_) {
    const std::optional<Seconds> empty = socket_.next_empty();
    if (empty && (!next || *empty < *next)) next = empty;
  }
  if (next) {
    alarm_.set(std::max(*next, now));
  } else {
    alarm_.clear();
  }
  if (!on_departures_ || told_ == departures()) return;
  told_ = departures();
  on_departures_();
}

}  // namespace labtwin::service
