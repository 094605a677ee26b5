#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// Adds `labtwin fit`.
void add_fit(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
