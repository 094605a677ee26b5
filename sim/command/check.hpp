#pragma once

#include "sim/command/command.hpp"

namespace labtwin::command {

/// `labtwin check FILE...`: all mistakes of scenario, lab and catalog files, without running anything.
void add_check(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
