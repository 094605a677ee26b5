#include "sim/service/remote_volume.hpp"

#include <algorithm>
#include <utility>

namespace labtwin::service {
namespace {

void add(Causes& causes, const Causes& more) {
  causes = joined(std::move(causes), more);
}

void add_service(Causes& causes, OwnerId owner, Seconds duration) {
  add(causes, {{DelayKind::Service, owner, duration}});
}

ResourceOptions servers(std::size_t number) {
  return {.num_servers = number, .discipline = Discipline::Fifo, .queue_limit = {}};
}

}  // namespace

RemoteVolume::RemoteVolume(Engine& engine, const RemoteVolumeOptions& options, const Places& places)
    : Volume(engine),
      options_(options),
      places_(places),
      slots_(engine, servers(std::size_t{options.protocol.slots} * options.protocol.num_connections)),
      connections_(engine, servers(options.protocol.num_connections)),
      to_server_{places.to_server,
                 Resource(engine, servers(options.protocol.num_connections)),
                 network::Side::Client,
                 {},
                 places.inside_to_server},
      to_client_{places.to_client,
                 Resource(engine, servers(options.protocol.num_connections)),
                 network::Side::Server,
                 {},
                 places.inside_to_client} {}

void RemoteVolume::submit(storage::Io& io, IoListener& listener, std::size_t tag) {
  end_flows();
  io.id = next_id_++;
  ios_.emplace(io.id, engine().spawn("share request", answer_io(io, &listener, tag), ProcessKind::Server));
}

void RemoteVolume::cancel(WorkId id) {
  const auto found = ios_.find(id);
  if (found == ios_.end()) return;
  found->second.cancel();
  ios_.erase(found);
}

Task<> RemoteVolume::answer_io(storage::Io io, IoListener* listener, std::size_t tag) {
  const Seconds submitted = engine().now();
  Answer answer = co_await perform_whole(io);
  ios_.erase(io.id);
  storage::IoCompletion completion{.id = io.id,
                                   .owner = io.owner,
                                   .outcome = answer.outcome,
                                   .submitted = submitted,
                                   .finished = engine().now(),
                                   .causes = std::move(answer.causes)};
  listener->io_ended(tag, std::move(completion));
}

// Requests larger than the protocol carries go out as several at once; the one that is answered last counts.
Task<RemoteVolume::Answer> RemoteVolume::perform_whole(storage::Io io) {
  const Bytes piece = options_.protocol.max_transfer;
  if (io.size <= piece) co_return co_await request(io);
  std::vector<Task<Answer>> parts;
  for (Bytes done; done < io.size; done += piece) {
    storage::Io part = io;
    part.size = std::min(piece, io.size - done);
    part.position += static_cast<std::uint64_t>(done.value());
    parts.push_back(request(part));
  }
  auto all = engine().wait_all(std::move(parts));
  AllResult<Answer> answers = co_await all;
  Answer answer = std::move(answers.values[answers.last]);
  for (const Answer& one : answers.values) {
    if (one.outcome != Outcome::Completed) answer.outcome = one.outcome;
  }
  co_return answer;
}

Task<RemoteVolume::Answer> RemoteVolume::request(storage::Io io) {
  Answer answer;
  const SeizeOptions for_owner{.owner = io.owner, .priority = 0, .timeout = {}};
  const SeizeResult slot = co_await slots_.seize(for_owner);
  if (!answer.goes_on(slot)) co_return answer;
  const bool is_read = io.direction == storage::Direction::Read;
  co_await engine().hold(options_.protocol.client_time);
  add_service(answer.causes, io.owner, options_.protocol.client_time);
  const Answer asked = co_await move(&to_server_, is_read ? Bytes{} : io.size, io.owner);
  if (!answer.goes_on(asked)) co_return answer;
  const Answer served = co_await serve(io);
  if (!answer.goes_on(served)) co_return answer;
  const Answer returned = co_await move(&to_client_, is_read ? io.size : Bytes{}, io.owner);
  static_cast<void>(answer.goes_on(returned));
  co_return answer;
}

// At the server: the connection's thread, a core, the volume. The thread is free again while the volume works.
Task<RemoteVolume::Answer> RemoteVolume::serve(storage::Io io) {
  Answer answer;
  {
    const SeizeOptions for_owner{.owner = io.owner, .priority = 0, .timeout = {}};
    const SeizeResult connection = co_await connections_.seize(for_owner);
    answer.causes = connection.causes;
    const Seconds work = storage::request_cost(options_.protocol, io.size).server;
    const ServeResult computed = co_await places_.cores->compute(work, io.owner);
    if (!answer.goes_on(computed)) co_return answer;
  }
  std::vector<storage::Io> ios{io};
  const BurstResult burst = co_await volume_for(io.direction).perform(std::move(ios), 1);
  if (answer.goes_on(burst) && io.direction == storage::Direction::Write) {
    const Seconds sync = medium_sync();
    if (sync > Seconds{}) co_await engine().hold(sync);
    if (sync > Seconds{}) add_service(answer.causes, io.owner, sync);
  }
  co_return answer;
}

std::unique_ptr<BusPassage> RemoteVolume::pass_inside(const Way& way, Bytes wire, OwnerId owner) {
  if (way.inside.bus == nullptr) return nullptr;
  return std::make_unique<BusPassage>(engine(), way.inside, options_.link, wire, owner);
}

Task<RemoteVolume::Answer> RemoteVolume::move(Way* way, Bytes data, OwnerId owner) {
  if (options_.packets) co_return co_await move_packets(way, data, owner);
  Answer answer;
  if (data > Bytes{}) {
    const SeizeOptions for_owner{.owner = owner, .priority = 0, .timeout = {}};
    const SeizeResult turn = co_await way->turns.seize(for_owner);
    answer.causes = turn.causes;
    const Bytes wire = storage::request_cost(options_.protocol, data).wire;
    const std::unique_ptr<BusPassage> inside = pass_inside(*way, wire, owner);
    const TransferOptions flow{.owner = owner, .bound = options_.bound};
    const TransferResult transfer = co_await engine().transfer(way->route, wire, flow);
    answer.outcome = transfer.outcome;
    add(answer.causes, transfer.causes);
    if (inside) {
      const Causes held = co_await inside->rest();
      add(answer.causes, held);
    }
  }
  const Seconds latency = options_.one_way + 2.0 * options_.protocol.host_latency;
  co_await engine().hold(latency);
  add_service(answer.causes, owner, latency);
  co_return answer;
}

std::unique_ptr<network::Connection> RemoteVolume::take_line(Way& way) {
  if (!way.free_lines.empty()) {
    std::unique_ptr<network::Connection> line = std::move(way.free_lines.back());
    way.free_lines.pop_back();
    return line;
  }
  auto line = std::make_unique<network::Connection>(options_.packets, network::TcpSettings{}, options_.stream, num_lines_++,
                                                    network::to_nanos(engine().now()));
  // A handshake that fails has let its time pass, after which the mount tries on.
  static_cast<void>(line->try_connect());
  return line;
}

// The connection of a share stays up for as long as TCP does; who mounts it waits.
Task<RemoteVolume::Answer> RemoteVolume::move_packets(Way* way, Bytes data, OwnerId owner) {
  Answer answer;
  const SeizeOptions for_owner{.owner = owner, .priority = 0, .timeout = {}};
  const SeizeResult turn = co_await way->turns.seize(for_owner);
  answer.causes = turn.causes;
  const Seconds has_turn = engine().now();
  const Bytes size = data + options_.protocol.request_header;
  std::unique_ptr<network::Connection> line = take_line(*way);
  const Seconds began = std::max(engine().now(), network::to_seconds(line->now()));
  const auto num_bytes = std::max<std::int64_t>(static_cast<std::int64_t>(size.value()), 1);
  line->share(way->from, 1.0 + static_cast<double>(engine().num_flows(way->route)));
  const std::optional<network::Nanos> arrived =
      line->deliver(std::max(network::to_nanos(began), line->now()), way->from, num_bytes);
  const Seconds latency = 2.0 * options_.protocol.host_latency;
  const Seconds ends = std::max(began, network::to_seconds(line->now()));
  if (arrived && data > Bytes{} && ends > engine().now()) {
    const Bytes wire = storage::request_cost(options_.protocol, data).wire;
    const TransferOptions flow{.owner = owner, .bound = wire / (ends - engine().now())};
    const TransferResult transfer = co_await engine().transfer(way->route, wire, flow);
    static_cast<void>(transfer);  // a link that dies is the packets' affair
  }
  co_await engine().hold_until(std::max(engine().now(), ends) + latency);
  answer.outcome = arrived ? Outcome::Completed : Outcome::Failed;
  const Seconds took = engine().now() - has_turn;
  const Seconds alone =
      std::min(took, options_.one_way + latency + storage::request_cost(options_.protocol, data).wire / options_.link);
  add_service(answer.causes, owner, alone);
  add(answer.causes, {{DelayKind::Slowdown, options_.culprit.value_or(owner), took - alone}});
  if (arrived) way->free_lines.push_back(std::move(line));
  co_return answer;
}

std::optional<OwnerId> RemoteVolume::main_owner() const noexcept {
  const auto window = [](const auto& entry) { return entry.second->job.block_size * entry.second->job.depth; };
  const auto largest =
      std::max_element(bulks_.begin(), bulks_.end(), [&](const auto& a, const auto& b) { return window(a) < window(b); });
  return largest == bulks_.end() ? std::nullopt : std::optional(largest->second->job.owner);
}

BytesPerSecond RemoteVolume::rate_alone(const StreamWindow& window) const {
  const Bytes piece = std::min(window.block_size, options_.protocol.max_transfer);
  const double pieces = window.block_size / piece;
  StreamWindow single = window;
  single.block_size = piece;
  single.depth = 1;
  StreamWindow full = single;
  full.depth = std::max(1U, static_cast<unsigned>(window.depth * pieces));
  const Seconds sync = window.direction == storage::Direction::Write ? medium_sync() : Seconds{};
  const Volume& volume = volume_for(window.direction);
  const double connections = options_.protocol.num_connections;
  const storage::SharePath path{.link = options_.bound ? std::min(options_.link, *options_.bound * connections) : options_.link,
                                .one_way = options_.one_way,
                                .volume_latency = piece / volume.rate_alone(single) + sync,
                                .volume_rate = volume.rate_alone(full),
                                .server_cores = static_cast<unsigned>(places_.cores->num_cores())};
  const storage::ClosedLoop loop = storage::share_loop(options_.protocol, path, piece, full.depth);
  const Seconds per_block = loop.mean_latency + window.think_time;
  return window.block_size * (static_cast<double>(window.depth) / per_block);
}

// A server that syncs every write gives it to the log of its pool.
Volume& RemoteVolume::volume_for(storage::Direction direction) const {
  const bool is_synced = options_.sync == ShareSync::Always && direction == storage::Direction::Write;
  return is_synced ? places_.volume->for_sync_writes() : *places_.volume;
}

Seconds RemoteVolume::medium_sync() const {
  if (options_.sync != ShareSync::Always) return {};
  return volume_for(storage::Direction::Write).sync_time(storage::SyncCall::Fdatasync);
}

Seconds RemoteVolume::sync_time(storage::SyncCall call) const {
  if (call == storage::SyncCall::None) return {};
  const storage::ShareSettings& protocol = options_.protocol;
  const Seconds round_trip = protocol.client_time + 2.0 * options_.one_way + 4.0 * protocol.host_latency + protocol.per_request;
  return options_.sync == ShareSync::Standard ? round_trip + places_.volume->sync_time(call) : round_trip;
}

}  // namespace labtwin::service
