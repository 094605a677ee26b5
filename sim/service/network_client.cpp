#include "sim/service/network_client.hpp"

#include <algorithm>
#include <utility>

#include "models/network/goodput.hpp"

namespace labtwin::service {
namespace {

using network::Side;

/// From here on messages share links with others as flows; what is shorter is over before anybody notices.
constexpr Bytes kFlow = 64_KiB;
/// Longer than any run, and any client waits.
constexpr Seconds kForever = Seconds::from_base(1e9);
/// Entities of the draws of proxies, beyond those of connections.
constexpr std::uint64_t kFirstProxied = std::uint64_t{1} << 40U;

std::int64_t whole(Bytes bytes) {
  return std::max<std::int64_t>(static_cast<std::int64_t>(bytes.value()), 1);
}

}  // namespace

NetworkClient::NetworkClient(Engine& engine, RandomStream stream, NetworkClientOptions options)
    : engine_(&engine),
      stream_(stream),
      options_(std::move(options)),
      places_(engine, {.num_servers = options_.policy.max_connections, .discipline = Discipline::Fifo, .queue_limit = {}}) {}

Task<Outcome> NetworkClient::send(Bytes request, Call& call, CallRecord& record) {
  record.waits_for(options_.pool);
  const SeizeOptions options{.owner = record.owner(), .priority = 0, .timeout = {}};
  call.place = co_await places_.seize(options);
  record.add(options_.pool, call.place.causes);
  record.waits_for(options_.network, culprit(record));
  call.line = take_idle();
  if (!call.line) {
    const Outcome opened = co_await open(call, record);
    if (opened != Outcome::Completed) co_return opened;
  }
  co_return co_await carry(Side::Client, request, call, record);
}

Task<Outcome> NetworkClient::receive(Bytes response, Call& call, CallRecord& record) {
  record.waits_for(options_.network, culprit(record));
  const Outcome outcome = co_await carry(Side::Server, response, call, record);
  if (outcome != Outcome::Completed) co_return outcome;
  if (options_.policy.is_kept) {
    call.line->idle_since = engine_->now();
    idle_.push_back(std::move(call.line));
  }
  call.place.lease.release();
  co_return outcome;
}

std::unique_ptr<NetworkClient::Line> NetworkClient::take_idle() {
  const Seconds now = engine_->now();
  std::erase_if(idle_, [&](const auto& line) { return line->idle_since + options_.policy.idle_timeout < now; });
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Line> line = std::move(idle_.back());
  idle_.pop_back();
  return line;
}

Task<Outcome> NetworkClient::open(Call& call, CallRecord& record) {
  const Seconds began = engine_->now();
  call.line = std::make_unique<Line>();
  const std::uint64_t number = num_opened_++;
  call.line->number = number;
  bool is_open = true;
  if (options_.way.packets) {
    network::Connection& packets =
        call.line->packets.emplace(options_.way.packets, options_.tcp, stream_, number, network::to_nanos(began));
    is_open = packets.try_connect();
    co_await engine_->hold_until(std::max(began, network::to_seconds(packets.now())));
  } else {
    co_await engine_->hold(options_.way.plain.round_trip);
  }
  charge(began, options_.way.plain.round_trip, record);
  co_return is_open ? Outcome::Completed : Outcome::Failed;
}

Task<Outcome> NetworkClient::carry(Side from, Bytes size, Call& call, CallRecord& record) {
  const Outcome arrived = co_await carry_bytes(from, size, call, record);
  if (arrived != Outcome::Completed) co_return arrived;
  co_return co_await pass_proxy(from, size, *call.line, record);
}

// What toxics of a proxy on the way do to a message; it is there once the last one lets it go.
Task<Outcome> NetworkClient::pass_proxy(Side from, Bytes size, Line& line, CallRecord& record) {
  Bytes& carried = line.carried.at(static_cast<std::size_t>(from));
  carried += size;
  for (std::size_t i = 0; i < options_.way.degradations.size(); ++i) {
    const ChargedDegradation& one = options_.way.degradations[i];
    if (one.from != from || !one.what.toxic || !one.what.is_active(engine_->now())) continue;
    const network::Toxic& toxic = *one.what.toxic;
    const std::uint64_t entity = kFirstProxied + line.number;
    if (stream_.uniform(entity, i) >= toxic.toxicity) continue;
    const double luck = stream_.uniform(entity, options_.way.degradations.size() + line.num_proxied++);
    const network::ToxicEffect effect = toxic.effect(size, carried, luck);
    const Seconds began = engine_->now();
    co_await engine_->hold(effect.delay.value_or(kForever));
    record.add(options_.network, {{DelayKind::Slowdown, one.owner, engine_->now() - began}});
    if (effect.closes) co_return Outcome::Failed;
  }
  co_return Outcome::Completed;
}

Task<Outcome> NetworkClient::carry_bytes(Side from, Bytes size, Call& call, CallRecord& record) {
  const Seconds began = engine_->now();
  const Seconds alone = plain_time(from, size, *call.line);
  if (call.line->packets) co_return co_await carry_packets(from, size, call, alone, record);
  if (size >= kFlow) co_return co_await carry_large(from, size, alone, record);
  // Flows leave it their equal share of the wire.
  const auto num_others = static_cast<double>(engine_->num_flows(route(from)));
  const Seconds shared = num_others * (network::bytes_on_wire(size, options_.tcp.mtu) / options_.way.plain.rate);
  co_await engine_->hold(alone + shared);
  charge(began, alone, record);
  co_return Outcome::Completed;
}

Task<Outcome> NetworkClient::carry_packets(Side from, Bytes size, Call& call, Seconds alone, CallRecord& record) {
  const Seconds began = engine_->now();
  network::Connection& packets = *call.line->packets;
  const network::Nanos at = std::max(network::to_nanos(began), packets.now());
  packets.share(from, 1.0 + static_cast<double>(engine_->num_flows(route(from))));
  // A server that keeps no connections closes behind its answer.
  const bool closes = from == Side::Server && !options_.policy.is_kept;
  const std::optional<network::Nanos> arrived =
      packets.deliver(at, from, whole(size), closes ? network::After::Close : network::After::KeepOpen);
  const Seconds ends = std::max(began, network::to_seconds(packets.now()));
  if (size >= kFlow && arrived && ends > began) {
    // The others on the way feel it, as a flow that is no faster than its packets are.
    const Bytes wire = network::bytes_on_wire(size, options_.tcp.mtu);
    const TransferOptions flow{.owner = record.owner(), .bound = wire / (ends - began)};
    const TransferResult transfer = co_await engine_->transfer(route(from), wire, flow);
    if (transfer.outcome != Outcome::Completed) co_return transfer.outcome;
  }
  co_await engine_->hold_until(std::max(engine_->now(), ends));
  charge(began, alone, record);
  co_return arrived ? Outcome::Completed : Outcome::Failed;
}

// The bytes flow over the shared links, no faster than windows allow; the rest of what the message takes alone is latency and
// slow start.
Task<Outcome> NetworkClient::carry_large(Side from, Bytes size, Seconds alone, CallRecord& record) {
  const Bytes wire = network::bytes_on_wire(size, options_.tcp.mtu);
  const BusWay& way = from == Side::Client ? options_.way.inside_to_server : options_.way.inside_to_client;
  std::optional<BusPassage> inside;
  if (way.bus != nullptr) inside.emplace(*engine_, way, options_.way.plain.rate, wire, record.owner());
  const network::PlainPath& path = options_.way.plain;
  const TransferOptions flow{.owner = record.owner(), .bound = network::window_bound(path.rate, path.round_trip, options_.tcp)};
  const TransferResult transfer = co_await engine_->transfer(route(from), wire, flow);
  record.add(options_.network, transfer.causes);
  if (inside) {
    const Causes held = co_await inside->rest();
    record.add(options_.network, held);
  }
  if (transfer.outcome != Outcome::Completed) co_return transfer.outcome;
  const Seconds rest = std::max(Seconds{}, alone - transfer.uncontended);
  co_await engine_->hold(rest);
  record.add_service(options_.network, rest);
  co_return Outcome::Completed;
}

Seconds NetworkClient::plain_time(Side from, Bytes size, Line& line) const {
  network::PlainSender& sender = from == Side::Client ? line.to_server : line.to_client;
  return sender.send(engine_->now(), options_.way.plain, options_.tcp, size);
}

const topology::Route& NetworkClient::route(Side from) const noexcept {
  return from == Side::Client ? options_.way.to_server : options_.way.to_client;
}

OwnerId NetworkClient::culprit(const CallRecord& record) const {
  const Seconds now = engine_->now();
  for (const ChargedDegradation& one : options_.way.degradations) {
    if (one.what.is_active(now)) return one.owner;
  }
  return record.owner();
}

// What a message takes alone on the way as the lab has it is service; all beyond is what somebody did to the way.
void NetworkClient::charge(Seconds began, Seconds alone, CallRecord& record) const {
  const Seconds took = engine_->now() - began;
  const Seconds service = std::min(took, alone);
  record.add_service(options_.network, service);
  record.add(options_.network, {{DelayKind::Slowdown, record.culprit(), took - service}});
}

}  // namespace labtwin::service
