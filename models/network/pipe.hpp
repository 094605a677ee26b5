#pragma once

// One direction of a path: a token bucket with a drop-tail queue, then loss and delay.

#include <cstdint>
#include <deque>
#include <vector>

#include "models/base/units.hpp"
#include "models/network/clock.hpp"
#include "models/network/delay_shape.hpp"
#include "models/network/loss.hpp"
#include "models/network/packet.hpp"

namespace labtwin::network {

struct PipeSettings {
  BytesPerSecond rate;
  Nanos delay = 0;
  double queue_bytes = 0.0;
  LossModel loss;
  Nanos jitter = 0;
  DelayShape shape = DelayShape::Normal;  ///< of what is around `delay`, in jitters
  double at_once = 0.0;
  double duplicate = 0.0;             ///< share of packets that are sent twice, and take the wire twice
  bool keeps_order = false;           ///< jitter delays packets without letting them overtake each other
  std::int64_t max_held = INT64_MAX;  ///< packets on their way at once; beyond, the next is dropped
  Framing framing;
  double burst_bytes = 3100.0;  ///< what a token bucket lets through at once; as small as one can be: two full packets

  /// Of one packet; at least 0.
  [[nodiscard]] Nanos draw_delay(Variates& variates) const;
};

/// What a direction is like from a date on, until the next one.
struct PipeState {
  Nanos from = 0;
  PipeSettings settings;
};
/// By date; the first holds from the beginning.
using PipeSchedule = std::vector<PipeState>;

/// A direction that packets enter in order; they leave in order unless their delays differ. A packet meets what the schedule
/// says at the moment it enters.
class Pipe {
 public:
  /// The schedule is not empty and outlives the pipe, which starts at `begin`.
  Pipe(const PipeSchedule& schedule, Nanos begin, Variates losses, Variates delays);

  /// Others use the rate as well: 1 / num_users of it is left from now on.
  void share(double num_users) noexcept;
  /// Puts a packet on its way, or drops it.
  void send(Nanos now, const Packet& packet);
  /// When the next packet arrives; kNever if none is on its way.
  [[nodiscard]] Nanos next_arrival() const noexcept { return on_the_way_.empty() ? kNever : on_the_way_.front().arrival; }
  /// The packet that arrives next.
  Packet receive();

  /// The fate of a packet without payload that enters the empty path: its arrival, or kNever if it is lost.
  [[nodiscard]] Nanos deliver_alone(Nanos now);

 private:
  void follow_schedule(Nanos now);
  void enter(Nanos now, const Packet& packet);

  struct Traveller {
    Nanos arrival = 0;
    Packet packet;
  };
  struct Queued {
    Nanos departure = 0;
    double bytes = 0.0;
  };

  const PipeSchedule* schedule_;
  std::size_t state_ = 0;
  PipeSettings settings_;
  double num_users_ = 1.0;
  double nanos_per_byte_;
  LossProcess loss_;
  Variates delays_;
  double full_at_ = 0.0;  // when the bucket is full again
  Nanos last_departure_ = 0;
  Nanos last_arrival_ = 0;
  double backlog_bytes_ = 0.0;
  std::deque<Queued> queue_;
  std::deque<Traveller> on_the_way_;
};

}  // namespace labtwin::network
