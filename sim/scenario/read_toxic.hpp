#pragma once

#include "sim/scenario/degradation_spec.hpp"

namespace labtwin {

/// Nodes between which somebody calls a service.
struct CallPath {
  std::string client;
  std::string server;

  bool operator==(const CallPath&) const = default;
};

/// Reads `toxic`, in the words and units of toxiproxy: milliseconds, KB/s, bytes, microseconds for the delay of a slicer.
/// It must stand between the ends of a call.
void read_toxic(TableReader& table, const std::vector<CallPath>& calls, DegradationSpec& spec);

}  // namespace labtwin
