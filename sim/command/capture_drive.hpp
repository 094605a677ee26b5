#pragma once

#include "sim/command/command_line.hpp"

namespace labtwin::command {

/// `labtwin capture drive DIR`: measures the drive below a folder with fio, on a scratch file that is removed again.
void add_capture_drive(Verb& capture);

}  // namespace labtwin::command
