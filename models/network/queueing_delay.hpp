#pragma once

// What a small request waits behind a download on the same link.

#include "models/base/units.hpp"

namespace labtwin::network {

/// Law:    0.9 q behind any backlogged flow, q = queue / rate.
/// Inputs: queue, rate of the link.
/// Valid:  drop-tail, one long download or more; a queue shorter than the flows' round trip is emptied now and then.
/// Source: fit rows of calibration/data/linux-tcp/bufferbloat.
/// Error:  6 % of the p50 of a request.
[[nodiscard]] Seconds fifo_delay(Bytes queue, BytesPerSecond rate) noexcept;

/// Law:    on average half of another flow's packet is still on the wire, whatever the load.
/// Inputs: rate of the link, MTU of 1500.
/// Valid:  fq_codel, a flow that sends less than its share.
/// Source: RFC 8290.
/// Error:  1 % of the p50 of a request.
[[nodiscard]] Seconds fair_queue_delay(BytesPerSecond rate) noexcept;

/// What request and response, of one packet each, take on the wire.
[[nodiscard]] Seconds serialisation(Bytes request, Bytes response, BytesPerSecond rate) noexcept;

}  // namespace labtwin::network
