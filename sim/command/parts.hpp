#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// `labtwin parts [FAMILY|PART]`: what the catalog holds.
void add_parts(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
