#pragma once

// The socket that a stream of datagrams fills and a receiver empties that is not always there, as a device.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::network {

struct DatagramReceiver {
  double capacity = 0.0;   ///< datagrams that the socket holds: socket_capacity; or the ring of the card
  PerSecond service_rate;  ///< datagrams that the receiver, or the kernel, reads while it is not stalled
};

/// The receive ring of a card, which the kernel empties.
/// Law:    as DatagramSocket: a descriptor per packet, a packet's time of a core, no packet taken while interrupts wait.
/// Inputs: descriptors (`ethtool -g`), time per packet, packets per datagram.
/// Valid:  one queue, one core.
/// Source: fluid balance.
/// Error:  not measured.
[[nodiscard]] DatagramReceiver ring_receiver(double num_descriptors, Seconds per_packet, double packets_per_datagram) noexcept;

/// A socket between a steady stream and a receiver, with marked datagrams in the stream whose fate matters.
/// Law:    a fluid: the backlog grows by arrivals and shrinks by reads, no read while the receiver is stalled; what meets a
///         full socket is lost.
/// Inputs: arrivals per second, changed at any date; stalls; marked datagrams with a uniform variate each.
/// Valid:  streams of many datagrams per stall; the receiver reads one after the other, in order.
/// Source: fluid balance; calibration/data/linux-udp/udp_loss.
/// Error:  as lost_in_stalls and lost_to_a_slow_receiver, which it equals (tests/unit/network/datagram_socket_test.cpp).
class DatagramSocket {
 public:
  explicit DatagramSocket(const DatagramReceiver& receiver) noexcept : receiver_(receiver) {}

  void set_arrivals(Seconds now, PerSecond rate);
  void stall(Seconds now);
  void resume(Seconds now);
  /// A marked datagram arrives. False: it is lost.
  [[nodiscard]] bool offer(Seconds now, std::uint64_t mark, double uniform);
  /// When the next marked datagram is read, if nothing changes.
  [[nodiscard]] std::optional<Seconds> next_event() const noexcept;
  /// Lets time pass; returns marks that have been read.
  [[nodiscard]] std::vector<std::uint64_t> advance(Seconds now);

  /// Lets time pass, marks aside: how many have been lost.
  [[nodiscard]] double num_lost(Seconds now);
  [[nodiscard]] double num_arrived() const noexcept { return num_arrived_; }
  [[nodiscard]] double num_read() const noexcept { return num_read_; }
  [[nodiscard]] double backlog() const noexcept { return backlog_; }
  /// The rate at which datagrams are read now.
  [[nodiscard]] PerSecond departures() const noexcept { return PerSecond::from_base(reads_per_second()); }
  /// When the backlog has been read, if nothing changes; nothing if it does not shrink.
  [[nodiscard]] std::optional<Seconds> next_empty() const noexcept;
  [[nodiscard]] bool is_stalled() const noexcept { return is_stalled_; }

 private:
  struct Mark {
    double place = 0.0;  // datagrams read before it
    std::uint64_t mark = 0;
  };

  void move_to(Seconds now);
  [[nodiscard]] double reads_per_second() const noexcept;

  DatagramReceiver receiver_;
  PerSecond arrivals_;
  bool is_stalled_ = false;
  Seconds now_;
  double backlog_ = 0.0;
  double num_arrived_ = 0.0;
  double num_read_ = 0.0;
  double num_lost_ = 0.0;
  std::deque<Mark> marks_;
};

/// Processor time of a receiver per datagram, by which it cannot read faster.
/// Law:    6.3 us + 0.5 ns/B.
/// Inputs: payload.
/// Valid:  one recvmsg per datagram; one machine.
/// Source: 6.2, 7.4 and 10.6 us at 200, 1400 and 8900 B, calibration/data/linux-udp/udp_loss.
/// Error:  6 % on these three.
[[nodiscard]] Seconds receive_time(Bytes payload) noexcept;

/// Packets that carry a datagram, and what they take of an Ethernet wire.
struct DatagramOnWire {
  double num_packets = 1.0;
  Bytes bytes;
};
[[nodiscard]] DatagramOnWire on_wire(Bytes payload, Bytes mtu) noexcept;

}  // namespace labtwin::network
