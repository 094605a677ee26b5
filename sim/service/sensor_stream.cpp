#include "sim/service/sensor_stream.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::service {
namespace {

/// Which draw of an anomaly is meant; further datagrams of it draw from the next places.
enum Draw : std::uint64_t { Gap, Window, FirstDatagram };

double exponential(double uniform) {
  return -std::log(uniform);
}

}  // namespace

SensorStream::SensorStream(Engine& engine, const RandomSource& random, const SensorOptions& options, const Places& places)
    : engine_(&engine),
      options_(options),
      places_(places),
      arrivals_(random.stream("sensors.anomaly")),
      fates_(random.stream("sensors.datagram")),
      stalls_(random.stream("detector.stall")),
      wire_(network::on_wire(options.traffic.payload, options.mtu)),
      socket_(options.detector.receiver),
      alarm_(engine, [this] { socket_changed(); }) {}

double SensorStream::way_loss() const {
  return 1.0 - std::pow(1.0 - way().loss.mean(), wire_.num_packets);
}

double SensorStream::link_loss() const {
  const PerSecond carried = way().rate / wire_.bytes;
  return std::max(0.0, 1.0 - carried / options_.traffic.rate);
}

// Every change of the way is a moment of this process, so that the counts up to it are of one state.
Task<> SensorStream::follow_way() {
  for (std::size_t state = 0; state < places_.way->size(); ++state) {
    const Seconds from = network::to_seconds((*places_.way)[state].from);
    if (from > engine_->now()) co_await engine_->hold_until(from);
    count();
    way_state_ = state;
    const double arriving = (1.0 - link_loss()) * (1.0 - way_loss());
    socket_.set_arrivals(engine_->now(), options_.traffic.rate * arriving);
    socket_changed();
  }
}

Task<> SensorStream::stalls() {
  for (std::uint64_t number = 0;; ++number) {
    co_await engine_->hold(options_.detector.stall_every.quantile(stalls_.uniform(number, 0)));
    socket_.stall(engine_->now());
    alarm_.clear();
    co_await engine_->hold(options_.detector.stall.quantile(stalls_.uniform(number, 1)));
    socket_.resume(engine_->now());
    socket_changed();
  }
}

Task<> SensorStream::anomalies() {
  for (std::uint64_t number = 0;; ++number) {
    const Seconds gap = exponential(arrivals_.uniform(number, Gap)) / options_.traffic.anomalies;
    co_await engine_->hold(gap);
    engine_->spawn("anomaly", anomaly(number));
  }
}

Task<> SensorStream::anomaly(std::uint64_t number) {
  const Seconds arrived = engine_->now();
  const SensorNames& names = options_.names;
  places_.recorder->arrive(names.workload);
  Timeline timeline;
  const bool is_seen = co_await receive(number, timeline);
  if (is_seen) {
    const double to_come = static_cast<double>(options_.detector.window - 1) * fates_.uniform(number, Window);
    const Seconds filling = to_come / options_.traffic.rate;
    co_await engine_->hold(filling);
    timeline.append({.resource = names.window, .kind = DelayKind::Policy, .culprit = names.owner, .duration = filling});
    const ServeResult looked = co_await places_.cores->compute(options_.detector.inference, names.owner);
    timeline.append(places_.cores->resource(), looked.causes);
  }
  places_.recorder->end({.workload = names.workload,
                         .request = number,
                         .arrived = arrived,
                         .ended = engine_->now(),
                         .outcome = is_seen ? Outcome::Completed : Outcome::Failed},
                        timeline);
}

// The datagrams that show an anomaly, until one of them has been read.
Task<bool> SensorStream::receive(std::uint64_t number, Timeline& timeline) {
  const SensorNames& names = options_.names;
  for (std::uint64_t datagram = 0; datagram < options_.traffic.datagrams_per_anomaly; ++datagram) {
    const Seconds began = engine_->now();
    if (datagram > 0) co_await engine_->hold(1.0 / options_.traffic.rate);
    const std::uint64_t draw = FirstDatagram + 2 * datagram;
    const double kept = (1.0 - link_loss()) * (1.0 - way_loss());
    const bool is_lost = fates_.uniform(number, draw) >= kept;
    if (!is_lost) co_await engine_->hold(network::to_seconds(way().delay) + wire_.bytes / way().rate);
    timeline.append(
        {.resource = names.network, .kind = DelayKind::Service, .culprit = names.owner, .duration = engine_->now() - began});
    if (is_lost) continue;
    const Seconds queued = engine_->now();
    if (!socket_.offer(queued, number, fates_.uniform(number, draw + 1))) continue;
    Trigger<> read(*engine_);
    waiting_.emplace(number, &read);
    socket_changed();
    co_await read;
    timeline.append(
        {.resource = names.socket, .kind = DelayKind::Waiting, .culprit = names.stalls, .duration = engine_->now() - queued});
    co_return true;
  }
  co_return false;
}

void SensorStream::socket_changed() {
  for (const std::uint64_t mark : socket_.advance(engine_->now())) {
    const auto waiting = waiting_.extract(mark);
    if (!waiting.empty()) waiting.mapped()->complete();
  }
  const std::optional<Seconds> next = socket_.next_event();
  if (next) {
    alarm_.set(std::max(*next, engine_->now()));
  } else {
    alarm_.clear();
  }
}

void SensorStream::count() {
  const Seconds now = engine_->now();
  const double sent = options_.traffic.rate * (now - counted_at_);
  counted_at_ = now;
  const double left = sent * (1.0 - link_loss());
  counts_.sent += sent;
  counts_.lost_at_the_link += sent - left;
  counts_.lost_on_the_way += left * way_loss();
}

DatagramCounts SensorStream::counts() {
  count();
  counts_.lost_at_the_socket = socket_.num_lost(engine_->now());
  return counts_;
}

}  // namespace labtwin::service
