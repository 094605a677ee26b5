#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin parts [FAMILY|PART]`: what the catalog holds.
void add_parts(CommandLine& line);

}  // namespace labtwin::command
