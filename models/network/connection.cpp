#include "models/network/connection.hpp"

#include <algorithm>
#include <utility>

#include "models/base/error.hpp"
#include "models/network/handshake.hpp"

namespace labtwin::network {
namespace {

// Entities of the draws of one connection: losses and delays of either direction, the phase of the ticks.
enum Draw : std::uint64_t { LossToServer, LossToClient, DelayToServer, DelayToClient, TickPhase, NumDraws };

Nanos phase(const TcpSettings& settings, RandomStream stream, std::uint64_t entity) {
  return static_cast<Nanos>(stream.uniform(entity * NumDraws + TickPhase) * settings.tick.value() * 1e9);
}

}  // namespace

Connection::Connection(const Path& path, const TcpSettings& settings, RandomStream stream, std::uint64_t entity)
    : Connection(std::make_shared<const PathSchedule>(constant_schedule(path)), settings, stream, entity, 0) {}

Connection::Connection(std::shared_ptr<const PathSchedule> schedule, const TcpSettings& settings, RandomStream stream,
                       std::uint64_t entity, Nanos begin)
    : schedule_(std::move(schedule)),
      clock_(to_nanos(settings.tick), phase(settings, stream, entity)),
      pipes_{Pipe(schedule_->to_server, begin, Variates(stream, entity * NumDraws + LossToServer),
                  Variates(stream, entity * NumDraws + DelayToServer)),
             Pipe(schedule_->to_client, begin, Variates(stream, entity * NumDraws + LossToClient),
                  Variates(stream, entity * NumDraws + DelayToClient))},
      ends_{End{Sender(clock_, settings.control, static_cast<std::int64_t>(settings.window_limit()), settings.segment_bytes()),
                Receiver(clock_)},
            End{Sender(clock_, settings.control, static_cast<std::int64_t>(settings.window_limit()), settings.segment_bytes()),
                Receiver(clock_)}},
      now_(begin) {}

bool Connection::try_connect() {
  const Opening opening = Handshake(clock_, from(Side::Client), from(Side::Server)).run(now_);
  now_ = opening.at;
  if (!opening.is_open) return false;
  end(Side::Client).sender.sample_round_trip(opening.client_round_trip_us);
  end(Side::Server).sender.sample_round_trip(opening.server_round_trip_us);
  return true;
}

void Connection::connect() {
  if (!try_connect()) throw ModelError("no packet of the handshake arrives: the path loses them all");
}

void Connection::share(Side side, double num_users) noexcept {
  from(side).share(num_users);
}

// Law:    a sender whose packets are not acknowledged gives up once the time of 15 back-offs from 200 ms has passed.
// Source: tcp(7), tcp_retries2.
std::optional<Nanos> Connection::deliver(Nanos at, Side side, std::int64_t bytes, After after) {
  constexpr Nanos kGiveUp = 924'600 * kMillisecond;
  run_until(at);
  write(side, bytes, after);
  if (!run_until_arrived(side, at + kGiveUp)) return std::nullopt;
  return now_;
}

void Connection::write(Side side, std::int64_t bytes, After after) {
  outgoing_.clear();
  end(side).receiver.answered(now_);
  end(side).sender.write(now_, bytes, outgoing_);
  if (after == After::Close) end(side).sender.finish(now_, outgoing_);
  send(side);
}

void Connection::send(Side side) {
  for (Packet& packet : outgoing_) {
    end(side).receiver.acknowledge(packet);
    from(side).send(now_, packet);
  }
  outgoing_.clear();
}

Nanos Connection::next_event() const noexcept {
  Nanos at = kNever;
  for (const Pipe& pipe : pipes_) at = std::min(at, pipe.next_arrival());
  for (const End& end : ends_) at = std::min({at, end.sender.next_timer(), end.receiver.next_timer()});
  return at;
}

void Connection::arrive(Side side) {
  const Packet packet = from(other(side)).receive();
  End& here = end(side);
  bool must_acknowledge = false;
  if (packet.payload > 0) must_acknowledge = here.receiver.arrive(now_, packet, here.sender.round_trip_us());
  here.sender.acknowledged(now_, packet, outgoing_);
  if (must_acknowledge && outgoing_.empty())
    outgoing_.push_back({.seq = here.sender.board().next(), .stamp_ms = now_ / kMillisecond});
  send(side);
}

void Connection::timers(Side side) {
  End& here = end(side);
  if (here.receiver.next_timer() <= now_) {
    here.receiver.timer(now_);
    outgoing_.push_back({.seq = here.sender.board().next(), .stamp_ms = now_ / kMillisecond});
  }
  if (here.sender.next_timer() <= now_) here.sender.timer(now_, outgoing_);
  send(side);
}

void Connection::step(Nanos at) {
  now_ = at;
  for (const Side side : {Side::Client, Side::Server}) {
    if (from(other(side)).next_arrival() <= now_) return arrive(side);
  }
  for (const Side side : {Side::Client, Side::Server}) {
    if (std::min(end(side).sender.next_timer(), end(side).receiver.next_timer()) <= now_) return timers(side);
  }
}

bool Connection::run_until_arrived(Side side, Nanos until) {
  const Receiver& receiver = end(other(side)).receiver;
  const Seq goal = end(side).sender.written();
  while (receiver.next_expected() < goal) {
    const Nanos at = next_event();
    if (at > until) {
      now_ = std::max(now_, until);
      return false;
    }
    step(at);
  }
  return true;
}

void Connection::run_until(Nanos until) {
  for (Nanos at = next_event(); at <= until; at = next_event()) step(at);
  now_ = std::max(now_, until);
}

}  // namespace labtwin::network
