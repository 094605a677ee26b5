#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/network/udp_socket.hpp"
#include "models/registry.hpp"
#include "models/topology/routes.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

/// What a switch port or the queue of an interface holds, per direction (assumed).
constexpr double kQueueBytes = 1.5e6;
/// On an Ethernet of 1,500 B.
constexpr Bytes kFullPacket = Bytes::from_base(1538.0);

bool goes(DegradedDirection direction, bool is_egress) {
  return direction == DegradedDirection::Both || (direction == DegradedDirection::Egress) == is_egress;
}

/// Whether what crosses the route meets the degradation.
bool is_met(const DegradationSpec& spec, const topology::Topology& network, const topology::Route& route) {
  if (spec.link.empty()) {
    const std::string& from = network.node_name(route.from);
    const std::string& to = network.node_name(route.to);
    const bool is_there = from == spec.path.front() && to == spec.path.back();
    const bool is_back = from == spec.path.back() && to == spec.path.front();
    return (is_there && goes(spec.direction, true)) || (is_back && goes(spec.direction, false));
  }
  const std::optional<topology::LinkId> link = network.find_link(spec.link);
  // An interface's link leads from the interface into its node.
  const bool is_interface = spec.link.find(" - ") == std::string::npos;
  return std::any_of(route.hops.begin(), route.hops.end(), [&](const topology::Hop& hop) {
    return hop.link == link && goes(spec.direction, hop.forward != is_interface);
  });
}

/// A service that workloads refer to, which the reader has checked.
const ServiceSpec& service_named(const Scenario& scenario, const std::string& name) {
  return *std::find_if(scenario.services.begin(), scenario.services.end(),
                       [&](const ServiceSpec& one) { return one.name == name; });
}

network::PipeSettings pipe_of(const topology::Topology& network, const topology::Route& route) {
  network::PipeSettings pipe;
  pipe.rate = topology::find_bottleneck(network, route).value().bandwidth;
  pipe.delay = network::to_nanos(topology::latency(network, route));
  pipe.queue_bytes = kQueueBytes;
  return pipe;
}

/// As network rates are written.
std::string bits(BytesPerSecond rate) {
  return rate.value() < 125e6 ? fmt::format("{:.3g} Mbit/s", rate.value() * 8e-6)
                              : fmt::format("{:.3g} Gbit/s", rate.value() * 8e-9);
}

/// What is done to packets.
std::vector<network::Degradation> effects_of(const std::vector<service::ChargedDegradation>& charged) {
  std::vector<network::Degradation> effects;
  for (const service::ChargedDegradation& one : charged) {
    if (!one.what.toxic) effects.push_back(one.what);
  }
  return effects;
}

}  // namespace

std::vector<service::ChargedDegradation> World::degradations_of(const topology::Route& route) {
  std::vector<service::ChargedDegradation> met;
  for (const DegradationSpec& spec : scenario_->degradations) {
    if (!is_met(spec, network_, route)) continue;
    met.push_back({.what = spec.what, .owner = names_.owners.intern(spec.what.name)});
    met_.insert(spec.what.name);
    const network::Netem& effect = spec.what.effect;
    if (effect.limit_packets == INT64_MAX || effect.delay <= Seconds{}) continue;
    const BytesPerSecond passes = kFullPacket * static_cast<double>(effect.limit_packets) / effect.delay;
    network::PipeSettings way = pipe_of(network_, route);
    effect.apply(way);
    if (passes >= way.rate) continue;
    limited_.insert(fmt::format("{}: netem holds {} packets, so that with {} of delay at most {} pass: `limit` raises it",
                                spec.what.name, effect.limit_packets, format_quantity(effect.delay), bits(passes)));
  }
  return met;
}

// A class of cards is wide where hosts differ by more than this.
void World::warn_of_cards() {
  constexpr double kWide = 0.1;
  constexpr double kNormal95 = 1.645;
  for (const NodeSpec& node : scenario_->lab.nodes) {
    for (const NicSpec& nic : node.nics) {
      if (nic.part.empty()) continue;
      const network::NicDesign design = load_nic(*catalog_, nic.part).design;
      if (design.spread < kWide) continue;
      const double factor = std::exp(kNormal95 * design.spread);
      warnings_.push_back(fmt::format("{}.{}: nine of ten hosts get {} to {} through a card of the class {}; the run takes {}",
                                      node.name, nic.name, bits(design.goodput * (1.0 / factor)),
                                      bits(std::min(design.line_rate, design.goodput * factor)), nic.part,
                                      bits(design.goodput)));
    }
  }
}

void World::warn_of_degradations() {
  for (const DegradationSpec& spec : scenario_->degradations) {
    for (const std::string& caveat : spec.what.effect.caveats) {
      warnings_.push_back(fmt::format("{}: {}", spec.what.name, caveat));
    }
    if (!met_.contains(spec.what.name)) {
      warnings_.push_back(fmt::format("{}: nothing that this scenario sends crosses it", spec.what.name));
    }
  }
  warnings_.insert(warnings_.end(), limited_.begin(), limited_.end());
}

service::NetworkWay World::way_between(const std::string& client, const std::string& server) {
  service::NetworkWay way;
  way.to_server = topology::route(network_, network_.node(client), network_.node(server));
  way.to_client = topology::route(network_, network_.node(server), network_.node(client));
  way.inside_to_server = inside_machines(client, server);
  way.inside_to_client = inside_machines(server, client);
  const network::PipeSettings there = pipe_of(network_, way.to_server);
  const network::PipeSettings back = pipe_of(network_, way.to_client);
  way.plain = {.rate = std::min(there.rate, back.rate),
               .one_way = network::to_seconds(there.delay),
               .round_trip = network::to_seconds(there.delay + back.delay)};
  way.degradations = degradations_of(way.to_server);
  std::vector<service::ChargedDegradation> of_answers = degradations_of(way.to_client);
  for (service::ChargedDegradation& one : of_answers) one.from = network::Side::Server;
  network::PathSchedule packets{.to_server = network::degraded(there, effects_of(way.degradations), scenario_->horizon),
                                .to_client = network::degraded(back, effects_of(of_answers), scenario_->horizon)};
  way.degradations.insert(way.degradations.end(), of_answers.begin(), of_answers.end());
  if (!network::is_plain(packets.to_server) || !network::is_plain(packets.to_client)) {
    way.packets = std::make_shared<const network::PathSchedule>(std::move(packets));
  }
  return way;
}

service::NetworkClient* World::build_client(const WorkloadSpec& workload, const AgentsSpec& spec, const std::string& service) {
  const std::string& server = service_named(*scenario_, service).node;
  if (spec.node.empty() || server == spec.node) return nullptr;
  service::NetworkClientOptions options;
  options.network = names_.resources.intern(fmt::format("network to {}", service));
  options.pool = names_.resources.intern(fmt::format("connections to {}", service));
  options.way = way_between(spec.node, server);
  options.policy = {.max_connections = spec.connections.max,
                    .is_kept = spec.connections.is_kept,
                    .idle_timeout = spec.connections.idle_timeout};
  const RandomStream stream = random_.stream(fmt::format("network.{}.{}", workload.name, service));
  clients_.push_back(std::make_unique<service::NetworkClient>(engine_, stream, std::move(options)));
  return clients_.back().get();
}

void World::build(const WorkloadSpec& workload, const SensorsSpec& spec) {
  const ServiceSpec& service = service_named(*scenario_, spec.detector);
  const auto& detector = std::get<StreamDetectorSpec>(service.kind);
  const topology::Route route = topology::route(network_, network_.node(spec.node), network_.node(service.node));
  service::SensorOptions options;
  options.names = {.owner = names_.owners.intern(workload.name),
                   .stalls = names_.owners.intern(service.name),
                   .workload = names_.workloads.intern(workload.name),
                   .network = names_.resources.intern(fmt::format("network to {}", service.name)),
                   .ring = names_.resources.intern(fmt::format("ring of {}", service.name)),
                   .socket = names_.resources.intern(fmt::format("socket of {}", service.name)),
                   .window = names_.resources.intern(fmt::format("window of {}", service.name))};
  options.traffic = {.rate = spec.rate,
                     .payload = spec.payload,
                     .anomalies = spec.anomalies,
                     .datagrams_per_anomaly = spec.datagrams_per_anomaly};
  options.detector.receiver = {.capacity = network::socket_capacity(detector.receive_buffer, spec.payload),
                               .service_rate = 1.0 / network::receive_time(spec.payload)};
  options.detector.ring = network::ring_receiver(detector.ring.num_descriptors, detector.ring.packet_time,
                                                 network::on_wire(spec.payload, spec.mtu).num_packets);
  options.detector.window = detector.window;
  options.detector.inference = detector.inference;
  if (detector.stalls) options.detector.stalls = {.every = detector.stalls->every, .lasts = detector.stalls->lasts};
  if (const auto& stalls = detector.ring.stalls)
    options.detector.ring_stalls = {.every = stalls->every, .lasts = stalls->lasts};
  options.mtu = spec.mtu;
  service::SensorStream::Places places{.way = {}, .cores = cores_.at(service.node).get(), .recorder = &recorder_};
  places.way = std::make_shared<const network::PipeSchedule>(
      network::degraded(pipe_of(network_, route), effects_of(degradations_of(route)), scenario_->horizon));
  streams_.emplace(workload.name, std::make_unique<service::SensorStream>(engine_, random_, options, places));
}

void World::start(const WorkloadSpec& workload, const SensorsSpec& spec) {
  service::SensorStream& stream = *streams_.at(workload.name);
  engine_.spawn(workload.name, stream.follow_way(), ProcessKind::Server);
  const auto& detector = std::get<StreamDetectorSpec>(service_named(*scenario_, spec.detector).kind);
  if (detector.stalls) engine_.spawn(spec.detector, stream.stalls(), ProcessKind::Server);
  if (detector.ring.stalls) engine_.spawn(spec.detector, stream.ring_stalls(), ProcessKind::Server);
  engine_.spawn(workload.name, stream.anomalies(), ProcessKind::Server);
}

}  // namespace labtwin
