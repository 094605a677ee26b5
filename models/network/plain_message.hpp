#pragma once

// How long a message takes over a path that loses nothing: a closed form, for calls that need no packets simulated.

#include "models/base/units.hpp"
#include "models/network/path.hpp"

namespace labtwin::network {

struct PlainPath {
  BytesPerSecond rate;
  Seconds one_way;
  Seconds round_trip;
};

/// What a message of this payload takes of a wire.
[[nodiscard]] Bytes bytes_on_wire(Bytes payload, Bytes mtu) noexcept;

/// The sending half of a kept connection over such a path.
/// Law:    one way + bytes on the wire / rate, and a round trip for each window that the message exceeds; windows begin at 10
///         segments, double with every one that is filled, and halve after an idle time of each RTO.
/// Inputs: payload, date at which it is handed over.
/// Valid:  no loss, nobody else on the path, windows below the buffers' limit.
/// Source: Cardwell, Savage, Anderson 2000; RFC 6928 (10 segments), RFC 2861 (idle).
/// Error:  within 0.3 ms of the packet model on an empty path of 100 Mbit/s or more
/// (tests/unit/network/plain_message_test.cpp).
class PlainSender {
 public:
  /// From the moment when the message is handed over until its last byte has arrived.
  [[nodiscard]] Seconds send(Seconds now, const PlainPath& path, const TcpSettings& settings, Bytes payload);

 private:
  void rest(Seconds now, const PlainPath& path);

  double window_ = 10.0;  ///< segments
  Seconds idle_since_;
};

}  // namespace labtwin::network
