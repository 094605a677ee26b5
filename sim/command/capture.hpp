#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// Adds `labtwin capture`.
void add_capture(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
