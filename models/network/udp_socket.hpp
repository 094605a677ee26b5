#pragma once

// How many datagrams a receiver loses that does not always read its socket.

#include "models/base/units.hpp"

namespace labtwin::network {

/// Law:    a socket holds receive_buffer / S datagrams; S = 832 B up to 130 B of payload, 1280 up to 640, 2304 up to 1660, 8456
///         up to 7000, 16644 beyond.
/// Inputs: receive buffer as the kernel reports it (twice what was asked for), payload.
/// Valid:  Linux 6.x, one datagram per buffer.
/// Source: accounting of sk_buff; calibration/data/linux-udp/udp_loss.
/// Error:  within one datagram of measured capacities.
[[nodiscard]] double socket_capacity(Bytes receive_buffer, Bytes payload) noexcept;

struct DatagramStream {
  PerSecond rate;
  Seconds duration;
};

/// Law:    lost per stall = rate x (stall + wake-up) - capacity; stalls begin after each `awake`.
/// Inputs: how long the receiver sleeps and is awake in turn.
/// Valid:  a receiver that empties the socket between stalls.
/// Source: fluid balance; wake-up 0.8 ms from the fit rows of calibration/data/linux-udp/udp_loss.
/// Error:  see its manifest.
[[nodiscard]] double lost_in_stalls(const DatagramStream& stream, double capacity, Seconds asleep, Seconds awake) noexcept;

/// Law:    1 - (served + capacity) / sent, served = duration / (pause + wake-up).
/// Inputs: pause after each datagram, what waking up takes.
/// Valid:  a receiver slower than the stream.
/// Source: fluid balance.
/// Error:  see calibration/data/linux-udp/udp_loss/manifest.toml.
[[nodiscard]] double lost_to_a_slow_receiver(const DatagramStream& stream, double capacity, Seconds per_datagram) noexcept;

}  // namespace labtwin::network
