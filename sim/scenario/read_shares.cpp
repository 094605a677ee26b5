#include <fmt/format.h>

#include <algorithm>

#include "models/base/text.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/share_spec.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

using storage::ShareProtocol;

const EnumNames<ShareProtocol> kProtocols = {{"nfs", ShareProtocol::Nfs},
                                             {"smb", ShareProtocol::Smb},
                                             {"iscsi", ShareProtocol::Iscsi},
                                             {"nvme_tcp", ShareProtocol::NvmeTcp}};
const EnumNames<ShareSyncName> kSyncs = {
    {"standard", ShareSyncName::Standard}, {"always", ShareSyncName::Always}, {"disabled", ShareSyncName::Disabled}};

/// What a node has of its own: a server does not hand on what it has mounted itself.
std::vector<std::string> own_volumes(const NodeSpec& node) {
  std::vector<std::string> names = node.volume_names();
  std::erase_if(names, [&](const std::string& name) {
    return std::any_of(node.shares.begin(), node.shares.end(), [&](const ShareSpec& share) { return share.name == name; });
  });
  return names;
}

void read_settings(TableReader& table, storage::ShareSettings& settings) {
  settings.max_transfer = table.value_or("transfer", settings.max_transfer, at_least(4096.0));
  settings.slots = table.value_or("slots", settings.slots, between(1.0, 65536.0));
  settings.num_connections = table.value_or("connections", settings.num_connections, between(1.0, 16.0));
  settings.read_ahead = table.value_or("read_ahead", settings.read_ahead, at_least(4096.0));
  settings.per_request = table.value_or("server_time", settings.per_request, kPositive);
  settings.mtu = table.value_or("mtu", settings.mtu, between(576.0, 65536.0));
}

Provenance server_time_provenance(ShareProtocol protocol, bool is_own) {
  if (is_own) return {.grade = catalog::Grade::Assumed, .source = "set in the lab"};
  switch (protocol) {
    case ShareProtocol::Nfs:
      return {.grade = catalog::Grade::Fitted, .source = "NFS of a DS1815+ and of TrueNAS with 64 requests in flight"};
    case ShareProtocol::Iscsi:
      return {.grade = catalog::Grade::Fitted, .source = "iSCSI of TrueNAS with 64 requests in flight"};
    case ShareProtocol::Smb:
    case ShareProtocol::NvmeTcp:
      break;
  }
  return {.grade = catalog::Grade::Assumed,
          .source = "in proportion to NFS (SMB, DS218+) or iSCSI (NVMe/TCP, a published pair)"};
}

void check_server(TableReader& table, const std::string& client, const ShareSpec& share, const Lab& lab) {
  std::vector<std::string> others;
  for (const NodeSpec& node : lab.nodes) {
    if (node.name != client) others.push_back(node.name);
  }
  const NodeSpec* server = lab.find_node(share.server);
  if (share.server == client) {
    table.fail("server", "is the node that mounts it: use its drive");
  } else if (server == nullptr) {
    check_reference(table, "server", share.server, others);
  } else if (!are_cabled(lab, client, share.server)) {
    table.fail("server", fmt::format("there is no way to it from {}: plug in cables", client));
  }
  if (server != nullptr) check_reference(table, "volume", share.volume, own_volumes(*server));
}

}  // namespace

std::vector<ShareSpec> read_shares(TableReader& table_of_node, const NodeSpec& node, const Lab& lab) {
  std::vector<ShareSpec> shares;
  for (TableReader& table : table_of_node.named_tables("shares")) {
    ShareSpec share;
    share.name = table.name();
    share.protocol = table.enumeration("protocol", kProtocols);
    share.server = table.required<std::string>("server");
    share.volume = table.required<std::string>("volume");
    share.settings = storage::default_share_settings(share.protocol);
    read_settings(table, share.settings);
    share.server_time_provenance = server_time_provenance(share.protocol, table.has("server_time"));
    share.sync = table.enumeration_or("sync", share.sync, kSyncs);
    const std::vector<std::string> taken = own_volumes(node);
    if (std::find(taken.begin(), taken.end(), share.name) != taken.end()) {
      table.fail({}, fmt::format("{} has a drive or pool of this name already", node.name));
    }
    check_server(table, node.name, share, lab);
    shares.push_back(std::move(share));
  }
  return shares;
}

}  // namespace labtwin
