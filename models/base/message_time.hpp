#pragma once

// How long a message among several parties takes by its size.

#include "models/base/units.hpp"

namespace labtwin {

/// A message of half the size from which on a library waits for each part to have come: NCCL turns from LL to Simple.
inline constexpr Bytes kHandshakeHalf = Bytes::from_base(262144.0);
/// Law:    n^2 / (n^2 + h^2), h = kHandshakeHalf: the share of messages of n bytes that wait so
/// Inputs: bytes of the message
/// Valid:  PCIe, where a library has no protocol between its fast one of half the rate and its slow one of all of it
/// Source: NVIDIA/nccl, protocols LL and Simple; curves of kind collectives, which rise by as much as three latencies between
///         64 KiB and 512 KiB
/// Error:  see `labtwin validate` of kind collectives
[[nodiscard]] double share_of_handshake(double message_bytes) noexcept;

/// Law:    seconds of n bytes = latency + per_root sqrt(n) + handshake x share_of_handshake(n) + per_byte n
/// Inputs: bytes of one message
/// Valid:  see CollectiveTerms of models/interconnect, whose terms for one group of cards these are
/// Source: as there
/// Error:  as there
struct MessageTime {
  double latency = 0.0;    ///< s
  double per_root = 0.0;   ///< s per root of a byte
  double handshake = 0.0;  ///< s, that large messages wait for their parts
  double per_byte = 0.0;   ///< s

  [[nodiscard]] double seconds(double bytes) const noexcept;
};

}  // namespace labtwin
