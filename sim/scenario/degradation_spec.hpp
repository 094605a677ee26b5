#pragma once

#include <string>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/network/path_schedule.hpp"

namespace labtwin {

struct Lab;
struct ServiceSpec;
struct WorkloadSpec;

/// Egress: packets that leave the interface, or go from the first to the second end. Ingress: those that come.
enum class DegradedDirection : unsigned char { Egress, Ingress, Both };

/// Something that is done to the network on a timeline.
///   [[degradations]]
///   name = "lossy"                           # optional; for what-ifs and sweeps: degradations.lossy.loss
///   link = "box.eth0"                        # an interface of the lab, or a cable: "box.eth0 - desk"
///     or path = ["box", "storage"]           # all that goes from one node to another
///   direction = "egress"                     # as with tc; ingress, both
///   from = "10 min"; to = "20 min"
///   netem = "tc qdisc add dev eth0 root netem delay 40ms 5ms loss 1%"   # or several commands, tbf among them
///     or latency, jitter, loss = 0.01 or "1%" or "gemodel 1% 10%", rate, duplicate, reorder, corrupt,
///        partition = true, flap = { up = "5 s", down = "2 s" }
///     or toxic = { type = "latency", stream = "downstream", toxicity = 1.0, attributes = { latency = 1000, jitter = 100 } }
///        as toxiproxy takes it, between path = [client, server]; it acts on calls, which go through the proxy, not on shares
struct DegradationSpec {
  network::Degradation what;
  std::string link;               ///< empty: `path` says where
  std::vector<std::string> path;  ///< two nodes
  DegradedDirection direction = DegradedDirection::Egress;
};

/// Reads `[[degradations]]`, once what sends is known; mistakes go to the reader's sink.
[[nodiscard]] std::vector<DegradationSpec> read_degradations(TableReader& root, const Lab& lab,
                                                             const std::vector<ServiceSpec>& services,
                                                             const std::vector<WorkloadSpec>& workloads);

}  // namespace labtwin
