#pragma once

// What lies between two ends of a connection, and how they are set up.

#include <cstdint>

#include "models/base/units.hpp"
#include "models/network/congestion_control.hpp"
#include "models/network/delay_shape.hpp"
#include "models/network/loss.hpp"

namespace labtwin::network {

/// A path of one bottleneck, the same in both directions but for its losses.
struct Path {
  BytesPerSecond rate = BytesPerSecond::from_base(125e6);
  Seconds round_trip = Seconds::from_base(0.001);  ///< of the empty path
  Bytes queue = Bytes::from_base(1.514e6);         ///< drop-tail, per direction
  Seconds jitter;                                  ///< of each direction's delay, see DelayShape; packets overtake each other
  DelayShape shape = DelayShape::Normal;
  double at_once = 0.0;               ///< share of packets that skip the delay
  double duplicate = 0.0;             ///< share of packets that are sent twice
  std::int64_t max_held = INT64_MAX;  ///< packets on their way at once, per direction
  LossModel to_client;
  LossModel to_server;
};

struct TcpSettings {
  CongestionControl control = CongestionControl::Cubic;
  Bytes receive_buffer = Bytes::from_base(6291456.0);  ///< net.ipv4.tcp_rmem, largest
  Bytes send_buffer = Bytes::from_base(4194304.0);     ///< net.ipv4.tcp_wmem, largest
  Bytes mtu = Bytes::from_base(1500.0);
  Seconds tick = Seconds::from_base(0.004);  ///< 1 / CONFIG_HZ

  /// Payload of a full segment, bytes.
  [[nodiscard]] int segment_bytes() const noexcept;
  /// Packets in flight that the buffers allow.
  /// Law:    min(receive_buffer / 2, send_buffer 1448 / 2304): half the buffer is window, a queued segment occupies 2304 B.
  /// Valid:  an MTU of 1500, no auto-tuning beyond the limits.
  /// Source: tcp(7), tcp_adv_win_scale.
  /// Error:  5.8 % median on 3 rows of calibration/data/linux-tcp/tcp_bulk with default limits.
  [[nodiscard]] double window_limit() const noexcept;
};

}  // namespace labtwin::network
