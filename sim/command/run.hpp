#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin run SCENARIO`: simulates a scenario with its what-ifs and prints the answer.
void add_run(CommandLine& line);

}  // namespace labtwin::command
