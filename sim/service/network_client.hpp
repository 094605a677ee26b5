#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/base/rng.hpp"
#include "models/network/connection.hpp"
#include "models/network/path_schedule.hpp"
#include "models/network/plain_message.hpp"
#include "models/topology/topology.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/resource.hpp"
#include "sim/service/bus_passage.hpp"
#include "sim/service/call_record.hpp"

namespace labtwin::service {

/// A degradation of a client's way and who is charged for it.
struct ChargedDegradation {
  network::Degradation what;
  OwnerId owner = 0;
  network::Side from = network::Side::Client;  ///< whose messages meet it
};

/// The way from a client to a service and back.
struct NetworkWay {
  topology::Route to_server;  ///< over links whose latency is next to nothing: it is in `plain`
  topology::Route to_client;
  network::PlainPath plain;                              ///< as the lab has it
  std::shared_ptr<const network::PathSchedule> packets;  ///< nothing: it neither loses packets nor changes
  std::vector<ChargedDegradation> degradations;
  BusWay inside_to_server{};  ///< links inside the machines at both ends
  BusWay inside_to_client{};
};

/// How a client keeps its connections to one service.
struct ConnectionPolicy {
  std::size_t max_connections = 64;  ///< calls beyond wait for one
  bool is_kept = true;               ///< for the next call; else each opens its own
  Seconds idle_timeout = Seconds::from_base(90.0);
};

struct NetworkClientOptions {
  ResourceId network = 0;  ///< what messages wait for
  ResourceId pool = 0;     ///< what calls wait for that get no connection
  NetworkWay way;
  ConnectionPolicy policy;
  network::TcpSettings tcp{};
};

/// The connections of one client to a service on another node. A call takes one from the pool, or opens one, sends its request
/// and receives its answer over it. Where the way loses packets or changes, each message is carried packet by packet over a
/// simulated TCP connection that keeps its windows and timers from call to call; where it does not, by a closed form. Large
/// messages share the links with everybody, as flows that are no faster than their packets or windows allow. Others on the way
/// leave a message its equal share of the wire, as of when it is sent. A connection whose call was given up is closed. Left
/// out: waiting in full queues, TLS, multiplexing.
class NetworkClient {
 public:
  NetworkClient(Engine& engine, RandomStream stream, NetworkClientOptions options);
  NetworkClient(const NetworkClient&) = delete;
  NetworkClient& operator=(const NetworkClient&) = delete;

  /// An open connection.
  struct Line {
    std::optional<network::Connection> packets;
    network::PlainSender to_server;
    network::PlainSender to_client;
    Seconds idle_since;
    std::uint64_t number = 0;
    std::array<Bytes, 2> carried{};  ///< by the side that sent them
    std::uint64_t num_proxied = 0;   ///< messages that a toxic drew for
  };
  /// A call's hold on a connection; its destruction closes it.
  struct Call {
    SeizeResult place;
    std::unique_ptr<Line> line;
  };

  /// Takes a connection and sends the request. Failed if it cannot be opened or TCP gives up; rejected never.
  Task<Outcome> send(Bytes request, Call& call, CallRecord& record);
  /// Receives the answer and gives the connection back.
  Task<Outcome> receive(Bytes response, Call& call, CallRecord& record);

  [[nodiscard]] ResourceId resource() const noexcept { return options_.network; }
  /// Connections opened so far.
  [[nodiscard]] std::uint64_t num_opened() const noexcept { return num_opened_; }

 private:
  Task<Outcome> open(Call& call, CallRecord& record);
  Task<Outcome> carry(network::Side from, Bytes size, Call& call, CallRecord& record);
  Task<Outcome> carry_bytes(network::Side from, Bytes size, Call& call, CallRecord& record);
  Task<Outcome> carry_packets(network::Side from, Bytes size, Call& call, Seconds alone, CallRecord& record);
  Task<Outcome> pass_proxy(network::Side from, Bytes size, Line& line, CallRecord& record);
  Task<Outcome> carry_large(network::Side from, Bytes size, Seconds alone, CallRecord& record);
  [[nodiscard]] std::unique_ptr<Line> take_idle();
  [[nodiscard]] Seconds plain_time(network::Side from, Bytes size, Line& line) const;
  [[nodiscard]] const topology::Route& route(network::Side from) const noexcept;
  [[nodiscard]] OwnerId culprit(const CallRecord& record) const;
  void charge(Seconds began, Seconds alone, CallRecord& record) const;

  Engine* engine_;
  RandomStream stream_;
  NetworkClientOptions options_;
  Resource places_;
  std::vector<std::unique_ptr<Line>> idle_;  ///< the last used at the end
  std::uint64_t num_opened_ = 0;
};

}  // namespace labtwin::service
