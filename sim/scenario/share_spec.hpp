#pragma once

#include <string>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/storage/share.hpp"
#include "sim/scenario/provenance.hpp"

namespace labtwin {

struct Lab;
struct NodeSpec;

/// When the server writes to its medium before it answers.
enum class ShareSyncName : unsigned char { Standard, Always, Disabled };

/// A volume of another node that is mounted here; services name it as they name a drive.
///   [nodes.box.shares.nas]
///   protocol = "nfs"                        # smb, iscsi, nvme_tcp
///   server = "storage"; volume = "tank"     # a node, and a drive or pool of it
///   transfer = "1 MiB"; slots = 64; connections = 1 (nconnect); read_ahead = "128 KiB"; mtu = "1500 B"
///   server_time = "110 us"                  # of a core, per request
///   sync = "standard"                       # always, disabled
struct ShareSpec {
  std::string name;
  storage::ShareProtocol protocol = storage::ShareProtocol::Nfs;
  std::string server;
  std::string volume;
  storage::ShareSettings settings;
  Provenance server_time_provenance;
  ShareSyncName sync = ShareSyncName::Standard;
};

/// Reads `shares` of a node, once all nodes and cables are known: server, volume and way are judged.
[[nodiscard]] std::vector<ShareSpec> read_shares(TableReader& table_of_node, const NodeSpec& node, const Lab& lab);

}  // namespace labtwin
