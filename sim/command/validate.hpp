#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// Adds `labtwin validate`.
void add_validate(CommandLine& line);

}  // namespace labtwin::command
