#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin capacity`: how many users, or requests per second, until an objective breaks.
void add_capacity(CommandLine& line);

}  // namespace labtwin::command
