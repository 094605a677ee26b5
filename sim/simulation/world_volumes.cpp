#include <fmt/format.h>

#include "models/network/goodput.hpp"
#include "models/topology/routes.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

service::ShareSync sync_of(ShareSyncName name) {
  switch (name) {
    case ShareSyncName::Standard:
      return service::ShareSync::Standard;
    case ShareSyncName::Always:
      return service::ShareSync::Always;
    case ShareSyncName::Disabled:
      return service::ShareSync::Disabled;
  }
  return service::ShareSync::Standard;
}

}  // namespace

void World::build_share(const NodeSpec& node, const ShareSpec& spec) {
  const topology::NodeId client = network_.node(node.name);
  const topology::NodeId server = network_.node(spec.server);
  const service::RemoteVolume::Places places{.volume = &volume(spec.server, spec.volume),
                                             .cores = cores_.at(spec.server).get(),
                                             .to_server = topology::route(network_, client, server),
                                             .to_client = topology::route(network_, server, client),
                                             .inside_to_server = inside_machines(node.name, spec.server),
                                             .inside_to_client = inside_machines(spec.server, node.name)};
  service::RemoteVolumeOptions options;
  options.resource = names_.resources.intern(local_name(node.name, spec.name));
  options.protocol = spec.settings;
  options.sync = sync_of(spec.sync);
  options.link = topology::find_bottleneck(network_, places.to_client).value().bandwidth;
  options.one_way = topology::latency(network_, places.to_client);
  const service::NetworkWay way = way_between(node.name, spec.server);
  options.bound = network::window_bound(way.plain.rate, way.plain.round_trip, network::TcpSettings{});
  options.packets = way.packets;
  options.stream = random_.stream(fmt::format("share.{}.{}", node.name, spec.name));
  if (!way.degradations.empty()) options.culprit = way.degradations.front().owner;
  const DriveKey key{node.name, spec.name};
  const auto share = shares_.emplace(key, std::make_unique<service::RemoteVolume>(engine_, options, places)).first;
  volumes_.emplace(key, share->second.get());
}

}  // namespace labtwin
