#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// Adds `labtwin fit`.
void add_fit(CommandLine& line);

}  // namespace labtwin::command
