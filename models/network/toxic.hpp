#pragma once

// What toxiproxy does to the bytes of a connection that it forwards.

#include <cstdint>
#include <optional>

#include "models/base/units.hpp"

namespace labtwin::network {

/// What a toxic does to one message.
struct ToxicEffect {
  std::optional<Seconds> delay{};  ///< nothing: the message never arrives
  bool closes = false;             ///< the connection, after the delay
};

/// A toxic with its attributes, in toxiproxy's words.
/// Law:    `latency` adds latency +- jitter, uniform, to a message; `bandwidth` bytes / rate; `slicer` a delay per piece of
///         average_size; `limit_data` closes once so many bytes have passed; `timeout` lets nothing through and closes after a
///         time, 0 never; `reset_peer` closes after a time, 0 at once; `slow_close` delays the close alone, for which no
///         message waits.
/// Inputs: bytes of the message, bytes that the connection has carried with it, a uniform variate.
/// Valid:  messages that the proxy reads in one go; what it does to packets, and the second TCP connection, are left out.
/// Source: Shopify/toxiproxy, README and toxics/*.go.
/// Error:  not measured.
struct Toxic {
  enum class Type : std::uint8_t { Latency, Bandwidth, Slicer, LimitData, Timeout, ResetPeer, SlowClose };

  Type type = Type::Latency;
  double toxicity = 1.0;  ///< share of connections that it acts on
  Seconds latency;        ///< of `latency`; the delay per piece of `slicer`; the time of `timeout` and `reset_peer`
  Seconds jitter;
  BytesPerSecond rate;  ///< of `bandwidth`; greater than 0
  Bytes size;           ///< average_size of `slicer`, greater than 0; bytes of `limit_data`

  [[nodiscard]] ToxicEffect effect(Bytes message, Bytes carried, double uniform) const noexcept;
};

}  // namespace labtwin::network
