#pragma once

// Collective operations of several cards: what of a message crosses a link, and what a call costs before any byte moves.

#include <string_view>

#include "models/base/units.hpp"

namespace labtwin::interconnect {

enum class CollectiveOp : unsigned char { AllReduce, AllGather, ReduceScatter, AllToAll, Broadcast, Reduce };

/// Nothing is an all-reduce by another name: `allreduce` and `all_reduce` are the same, so are `alltoall` and `all_to_all`.
[[nodiscard]] CollectiveOp parse_collective_op(std::string_view name);

/// Law:    bytes that leave each card: of a message of n bytes over N cards 2 (N - 1) / N n for a ring all-reduce, (N - 1) / N
///         n for all-gather, reduce-scatter and all-to-all, n for broadcast and reduce. An all-gather whose message is the
///         share of one card moves (N - 1) n
/// Inputs: bytes as the benchmark counts them
/// Source: NCCL performance notes (bus bandwidth)
/// Error:  exact for rings; trees and one-shot kernels move other amounts, which a factor of the library tells
[[nodiscard]] double bytes_sent(CollectiveOp op, double num_cards, double message_bytes, bool message_is_share);

/// Law:    seconds = N x hop + k sqrt(n) + N x wait x share_of_handshake(n) + bytes sent / (share x line rate), each times a
///         factor
/// Inputs: cards, message, the link's line rate one way
/// Valid:  one node; rings in one process group
/// Source: Hockney's latency and bandwidth; between them, protocols that send flags with the data (LL128 of NVLink) lose a
///         sixteenth of a line, which sqrt(n) describes between 64 KiB and 1 MiB
/// Error:  see `labtwin validate` of kind collectives
struct CollectiveTerms {
  double latency = 0.0;    ///< s
  double middle = 0.0;     ///< s
  double handshake = 0.0;  ///< s; on PCIe
  double wire = 0.0;       ///< s
};
[[nodiscard]] CollectiveTerms collective_seconds(CollectiveOp op, double num_cards, double message_bytes,
                                                 BytesPerSecond line_rate, bool message_is_share);

}  // namespace labtwin::interconnect
