#pragma once

// What travels between two ends of a connection.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "models/network/clock.hpp"

namespace labtwin::network {

/// Segments of a connection are numbered from 0 in the order in which they were written.
using Seq = std::int64_t;

/// IPv4, TCP and its time stamps: what a segment's payload lacks to the MTU.
inline constexpr int kHeaderBytes = 52;
/// Preamble, Ethernet header, checksum and gap: what a packet takes on the wire beyond the MTU.
inline constexpr int kFramingBytes = 38;
/// What the kernel counts of them: the header alone.
inline constexpr int kEthernetHeaderBytes = 14;

/// What a packet of IP takes of a rate.
/// Law:    bytes + per_packet; where there are cells, each that is begun takes `cell` + per_cell.
/// Source: tc-netem(8), rate; net/sched/sch_netem.c, packet_time_ns.
struct Framing {
  double per_packet = kFramingBytes;
  double cell = 0.0;  ///< bytes; 0: none
  double per_cell = 0.0;

  [[nodiscard]] double taken(double bytes) const noexcept {
    const double framed = std::max(bytes + per_packet, 0.0);
    return cell > 0.0 ? std::ceil(framed / cell) * (cell + per_cell) : framed;
  }
};

/// Received segments [begin, end) above the cumulative acknowledgement.
struct SackBlock {
  Seq begin = 0;
  Seq end = 0;
};

/// With time stamps, three blocks fit into the options.
inline constexpr std::size_t kMaxSackBlocks = 3;

struct Packet {
  Seq seq = 0;
  int payload = 0;  ///< bytes; 0: an acknowledgement alone
  bool ends_message = false;
  Seq ack = 0;  ///< everything below has arrived
  std::int64_t stamp_ms = 0;
  std::int64_t echo_ms = 0;
  bool has_duplicate = false;  ///< blocks[0] reports a segment that came twice
  std::size_t num_blocks = 0;
  std::array<SackBlock, kMaxSackBlocks> blocks{};
};

}  // namespace labtwin::network
