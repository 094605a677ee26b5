#pragma once

// One direction of a path: a token bucket with a drop-tail queue, then loss and delay.

#include <deque>

#include "models/base/units.hpp"
#include "models/network/clock.hpp"
#include "models/network/loss.hpp"
#include "models/network/packet.hpp"

namespace labtwin::network {

struct PipeSettings {
  BytesPerSecond rate;
  Nanos delay = 0;
  double queue_bytes = 0.0;
  LossModel loss;
  Nanos jitter = 0;
  double at_once = 0.0;
};

/// A direction that packets enter in order; they leave in order unless their delays differ.
class Pipe {
 public:
  Pipe(const PipeSettings& settings, Variates losses, Variates delays);

  /// Puts a packet on its way, or drops it.
  void send(Nanos now, const Packet& packet);
  /// When the next packet arrives; kNever if none is on its way.
  [[nodiscard]] Nanos next_arrival() const noexcept { return on_the_way_.empty() ? kNever : on_the_way_.front().arrival; }
  /// The packet that arrives next.
  Packet receive();

  /// The fate of a packet without payload that enters the empty path: its arrival, or kNever if it is lost.
  [[nodiscard]] Nanos deliver_alone(Nanos now);

 private:
  [[nodiscard]] Nanos delay();

  struct Traveller {
    Nanos arrival = 0;
    Packet packet;
  };
  struct Queued {
    Nanos departure = 0;
    double bytes = 0.0;
  };

  PipeSettings settings_;
  double nanos_per_byte_;
  LossProcess loss_;
  Variates delays_;
  double full_at_ = 0.0;  // when the bucket is full again
  Nanos last_departure_ = 0;
  double backlog_bytes_ = 0.0;
  std::deque<Queued> queue_;
  std::deque<Traveller> on_the_way_;
};

}  // namespace labtwin::network
