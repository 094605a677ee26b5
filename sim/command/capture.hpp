#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// Adds `labtwin capture`.
void add_capture(CommandLine& line);

}  // namespace labtwin::command
