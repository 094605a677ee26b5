#pragma once

// The verbs of the command line. Each lives in a file of its own, adds itself to the CLI11 application and returns its exit
// status from the callback: 0 met, 1 an SLO missed, 2 wrong input. Errors travel as exceptions to main.cpp, which alone prints
// them; what a verb prints on stdout is its answer.

namespace CLI {
class App;
}

namespace labtwin::command {

/// The exit status of the verb that ran; written by its callback.
struct CommandStatus {
  int code = 0;
};

/// A row of the verb table in main.cpp.
using AddVerb = void (*)(CLI::App& app, CommandStatus& status);

}  // namespace labtwin::command
