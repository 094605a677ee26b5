#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// `labtwin run SCENARIO`: simulates a scenario with its what-ifs and prints the answer.
void add_run(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
