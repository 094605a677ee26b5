#include "models/network/netem.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::network {
namespace {

// What a full packet counts against `limit` where it is bytes that a queue counts.
constexpr double kFullPacketBytes = 1514.0;

void add_jitter(PipeSettings& direction, Seconds jitter, DelayShape shape) {
  if (jitter <= Seconds{}) return;
  const Seconds before = to_seconds(direction.jitter);
  if (before <= Seconds{}) {
    direction.jitter = to_nanos(jitter);
    direction.shape = shape;
    return;
  }
  // The sum of two is nearer to a normal variate than either.
  const double sum = std::hypot(before.value() * deviation_of(direction.shape), jitter.value() * deviation_of(shape));
  direction.jitter = to_nanos(Seconds::from_base(sum));
  direction.shape = DelayShape::Normal;
}

void narrow(PipeSettings& direction, BytesPerSecond rate, const Framing& framing, Bytes burst) {
  if (rate >= direction.rate) return;
  direction.rate = rate;
  direction.framing = framing;
  direction.burst_bytes = burst.value();
}

}  // namespace

void Netem::apply(Path& path, bool to_client) const {
  path.round_trip += delay;
  if (jitter > path.jitter) {
    path.jitter = jitter;
    path.shape = shape;
  }
  path.at_once = std::max(path.at_once, reorder);
  path.duplicate = std::max(path.duplicate, duplicate);
  path.max_held = std::min(path.max_held, limit_packets);
  if (rate) path.rate = std::min(path.rate, *rate);
  if (bucket) {
    path.rate = std::min(path.rate, bucket->rate);
    path.queue = std::min(path.queue, bucket->limit);
  }
  LossModel& direction = to_client ? path.to_client : path.to_server;
  if (loss.mean() > 0.0) direction = loss;
  if (corrupt > 0.0) direction = both(direction, LossModel::random(corrupt));
}

void Netem::apply(PipeSettings& direction) const {
  direction.delay += to_nanos(delay);
  add_jitter(direction, jitter, shape);
  direction.at_once = std::max(direction.at_once, reorder);
  direction.duplicate = 1.0 - (1.0 - direction.duplicate) * (1.0 - duplicate);
  direction.loss = both(direction.loss, loss);
  if (corrupt > 0.0) direction.loss = both(direction.loss, LossModel::random(corrupt));
  direction.max_held = std::min(direction.max_held, limit_packets);
  if (bucket) {
    narrow(direction, bucket->rate, {.per_packet = kEthernetHeaderBytes}, bucket->burst);
    direction.queue_bytes = std::min(direction.queue_bytes, bucket->limit.value());
  }
  if (!rate) return;
  narrow(direction, *rate, framing, Bytes{});  // every packet takes its own time
  direction.queue_bytes = std::min(direction.queue_bytes, static_cast<double>(limit_packets) * kFullPacketBytes);
  direction.keeps_order = true;
}

}  // namespace labtwin::network
