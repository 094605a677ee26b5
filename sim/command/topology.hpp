#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin topology SCENARIO_OR_LAB`: what is connected to what, which way bytes go and where they compete, without running
/// anything.
void add_topology(CommandLine& line);

}  // namespace labtwin::command
