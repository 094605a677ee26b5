#include "sim/command/capture.hpp"

#include "sim/command/capture_drive.hpp"
#include "sim/command/capture_network.hpp"

namespace labtwin::command {

void add_capture(CommandLine& line) {
  Verb capture = line.add("capture", "Measure this machine, safely");
  add_capture_drive(capture);
  add_capture_network(capture);
}

}  // namespace labtwin::command
