#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin fit-model MODEL --on CARD`: does it load, and what fills the memory?
void add_fit_model(CommandLine& line);

}  // namespace labtwin::command
