#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// Adds `labtwin validate`.
void add_validate(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
