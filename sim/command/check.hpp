#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin check FILE...`: all mistakes of scenario, lab and catalog files, without running anything.
void add_check(CommandLine& line);

}  // namespace labtwin::command
