#pragma once

// How a connection is opened over a path that loses packets.

#include <cstdint>
#include <optional>
#include <vector>

#include "models/network/clock.hpp"
#include "models/network/pipe.hpp"

namespace labtwin::network {

/// How the opening of a connection ended.
struct Opening {
  Nanos at = 0;  ///< when the client may send, or gave up
  bool is_open = false;
  std::int64_t client_round_trip_us = 0;  ///< what either end took for the round trip
  std::int64_t server_round_trip_us = 0;
};

/// Law:    the client sends SYN again after 1 s, four times more at that pace, then doubling; the server answers each, and
///         repeats its answer after 1 s, doubling, unless a SYN makes it answer before. So a lost answer has two chances 1 s
///         later, a lost SYN one. Where a SYN was repeated, the client takes the time since the first one that arrived for the
///         round trip: 1 s and more, and waits as long for its first packet, if that is lost.
/// Inputs: both directions of the path, the ticks of both ends.
/// Valid:  Linux with time stamps, default tcp_syn_retries = 6, tcp_synack_retries = 5, tcp_syn_linear_timeouts = 4.
/// Source: RFC 6298, RFC 7323; net/ipv4/tcp_timer.c, tcp_minisocks.c, tcp_check_req, inet_connection_sock.c,
///         reqsk_timer_handler.
/// Error:  see calibration/data/linux-tcp/rpc_latency/manifest.toml, rows of new connections.
class Handshake {
 public:
  /// Both pipes outlive it.
  Handshake(const TickClock& clock, Pipe& to_server, Pipe& to_client) noexcept
      : clock_(clock), to_server_(&to_server), to_client_(&to_client) {}

  [[nodiscard]] Opening run(Nanos begin);

 private:
  struct Travelling {
    Nanos arrival = 0;
    Nanos sent = 0;
    Nanos echo = 0;  // of an answer: when the SYN was sent whose time stamp it carries
  };

  void send_syn(Nanos now);
  void take_syn(Nanos now);
  void answer(Nanos now);
  void repeat_answer(Nanos now);
  [[nodiscard]] Opening opened(const Travelling& answer) const;
  [[nodiscard]] static Nanos next(const std::vector<Travelling>& packets) noexcept;
  [[nodiscard]] static Travelling take_next(std::vector<Travelling>& packets);

  TickClock clock_;
  Pipe* to_server_;
  Pipe* to_client_;
  std::vector<Travelling> syns_;
  std::vector<Travelling> answers_;
  int num_syns_ = 0;
  Nanos client_timer_ = kNever;
  std::optional<Travelling> request_;  // the first SYN that arrived
  Nanos last_one_way_ = 0;             // of the SYN that arrived last
  int num_answers_ = 0;
  int num_timeouts_ = 0;
  Nanos server_timer_ = kNever;
};

}  // namespace labtwin::network
