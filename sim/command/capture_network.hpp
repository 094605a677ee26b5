#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin capture network [HOST]`: measures the path to a host that runs `iperf3 --server`, or loopback, for a bounded time.
void add_capture_network(Verb& capture);

}  // namespace labtwin::command
