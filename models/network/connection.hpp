#pragma once

// Two ends of a connection and the path between them, packet by packet.

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "models/network/congestion_control.hpp"
#include "models/network/path.hpp"
#include "models/network/path_schedule.hpp"
#include "models/network/pipe.hpp"
#include "models/network/receiver.hpp"
#include "models/network/sender.hpp"

namespace labtwin::network {

/// An end of a connection.
enum class Side : unsigned char { Client, Server };

/// What an end does once it has written a message.
enum class After : unsigned char { KeepOpen, Close };

/// A connection that is told what its ends write and says when it has arrived. Its packets are all that uses the path.
class Connection {
 public:
  Connection(const Path& path, const TcpSettings& settings, RandomStream stream, std::uint64_t entity);
  /// Over a path that changes; the connection begins at a date of its schedule.
  Connection(std::shared_ptr<const PathSchedule> schedule, const TcpSettings& settings, RandomStream stream,
             std::uint64_t entity, Nanos begin);

  [[nodiscard]] Nanos now() const noexcept { return now_; }
  /// Lets time pass for the handshake: until the client may send. False if no packet of it arrives: then until the client
  /// gives up.
  [[nodiscard]] bool try_connect();
  /// The same; throws ModelError if every packet is lost.
  void connect();
  /// What `from` sends has 1 / num_users of the rate from now on.
  void share(Side from, double num_users) noexcept;
  /// What `from` hands over at this date, which is not before now, and when all of it has arrived; nothing if the sender gives
  /// up, and then the connection is done for.
  [[nodiscard]] std::optional<Nanos> deliver(Nanos at, Side from, std::int64_t bytes, After after = After::KeepOpen);
  void write(Side from, std::int64_t bytes, After after = After::KeepOpen);
  /// Goes on until all that `from` wrote has arrived, or `until`; true if it has arrived.
  bool run_until_arrived(Side from, Nanos until);
  /// Goes on to a point in time.
  void run_until(Nanos until);
  /// Segments of `from` that have arrived without a hole.
  [[nodiscard]] Seq arrived(Side from) const noexcept { return end(other(from)).receiver.next_expected(); }

 private:
  struct End {
    Sender sender;
    Receiver receiver;
  };
  [[nodiscard]] static Side other(Side side) noexcept { return side == Side::Client ? Side::Server : Side::Client; }
  [[nodiscard]] End& end(Side side) noexcept { return ends_.at(static_cast<std::size_t>(side)); }
  [[nodiscard]] const End& end(Side side) const noexcept { return ends_.at(static_cast<std::size_t>(side)); }
  [[nodiscard]] Pipe& from(Side side) noexcept { return pipes_.at(static_cast<std::size_t>(side)); }

  [[nodiscard]] Nanos next_event() const noexcept;
  void step(Nanos at);
  void arrive(Side side);
  void timers(Side side);
  void send(Side side);

  std::shared_ptr<const PathSchedule> schedule_;
  TickClock clock_;
  std::array<Pipe, 2> pipes_;
  std::array<End, 2> ends_;
  Outgoing outgoing_;
  Nanos now_ = 0;
};

}  // namespace labtwin::network
