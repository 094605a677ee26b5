#pragma once

#include "sim/scenario/lab.hpp"

namespace labtwin {

/// Reads `pools` of a node, whose drives have been read, as have those of all others in the lab.
void read_pools(TableReader& node_table, NodeSpec& node, const Lab& lab);

}  // namespace labtwin
