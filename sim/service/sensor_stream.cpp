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
      ring_fates_(random.stream("sensors.ring")),
      delays_(random.stream("sensors.delay")),
      stalls_(random.stream("detector.stall")),
      ring_stalls_(random.stream("detector.ring_stall")),
      wire_(network::on_wire(options.traffic.payload, options.mtu)),
      socket_(engine, options.detector.receiver),
      ring_(engine, options.detector.ring, [this] { socket_.set_arrivals(ring_.departures()); }) {}

double SensorStream::way_loss() const {
  return 1.0 - std::pow(1.0 - way().loss.mean(), wire_.num_packets);
}

Bytes SensorStream::bytes_on_way() const {
  const double per_packet = wire_.bytes.value() / wire_.num_packets - network::kFramingBytes;
  return Bytes::from_base(wire_.num_packets * way().framing.taken(per_packet));
}

// What is delayed is held, packet by packet, and no more than the limit.
double SensorStream::link_loss() const {
  PerSecond carried = way().rate / bytes_on_way();
  if (way().max_held < INT64_MAX && way().delay > 0) {
    const double held = static_cast<double>(way().max_held) / wire_.num_packets;
    carried = std::min(carried, held / network::to_seconds(way().delay));
  }
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
    ring_.set_arrivals(options_.traffic.rate * arriving);
  }
}

Task<> SensorStream::stalls() {
  for (std::uint64_t number = 0;; ++number) {
    co_await engine_->hold(options_.detector.stalls.every.quantile(stalls_.uniform(number, 0)));
    socket_.stall();
    co_await engine_->hold(options_.detector.stalls.lasts.quantile(stalls_.uniform(number, 1)));
    socket_.resume();
  }
}

Task<> SensorStream::ring_stalls() {
  for (std::uint64_t number = 0;; ++number) {
    co_await engine_->hold(options_.detector.ring_stalls.every.quantile(ring_stalls_.uniform(number, 0)));
    ring_.stall();
    co_await engine_->hold(options_.detector.ring_stalls.lasts.quantile(ring_stalls_.uniform(number, 1)));
    ring_.resume();
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
  network::Variates delays(delays_, number);
  for (std::uint64_t datagram = 0; datagram < options_.traffic.datagrams_per_anomaly; ++datagram) {
    const Seconds began = engine_->now();
    if (datagram > 0) co_await engine_->hold(1.0 / options_.traffic.rate);
    const std::uint64_t draw = FirstDatagram + 2 * datagram;
    const double kept = (1.0 - link_loss()) * (1.0 - way_loss());
    const bool is_lost = fates_.uniform(number, draw) >= kept;
    if (!is_lost) co_await engine_->hold(network::to_seconds(way().draw_delay(delays)) + bytes_on_way() / way().rate);
    timeline.append(
        {.resource = names.network, .kind = DelayKind::Service, .culprit = names.owner, .duration = engine_->now() - began});
    if (is_lost) continue;
    const Seconds in_ring = engine_->now();
    const bool is_taken = co_await ring_.pass(number, ring_fates_.uniform(number, datagram));
    const Seconds queued = engine_->now();
    if (queued > in_ring) {
      timeline.append(
          {.resource = names.ring, .kind = DelayKind::Waiting, .culprit = names.stalls, .duration = queued - in_ring});
    }
    if (!is_taken) continue;
    const bool is_read = co_await socket_.pass(number, fates_.uniform(number, draw + 1));
    if (!is_read) continue;
    timeline.append(
        {.resource = names.socket, .kind = DelayKind::Waiting, .culprit = names.stalls, .duration = engine_->now() - queued});
    co_return true;
  }
  co_return false;
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
  counts_.lost_at_the_ring = ring_.num_lost();
  counts_.lost_at_the_socket = socket_.num_lost();
  return counts_;
}

}  // namespace labtwin::service
