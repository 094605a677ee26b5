#pragma once

// The verbs of the command line. Each lives in a file of its own, describes itself on the command line and returns its exit
// status: 0 met, 1 an SLO missed, 2 wrong input. Errors travel as exceptions to main.cpp, which alone prints them; what a verb
// prints on stdout is its answer.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace labtwin::command {

/// A verb with its arguments and options, which are written into the variables given; these must live until the verb has run.
/// command_line.cpp alone includes CLI11, whose header costs a compiler ten seconds.
class Verb {
 public:
  Verb(CLI::App& app, int& status) : app_(&app), status_(&status) {}

  /// A verb after this one, e.g. `drive` of `capture drive`; one of them must then be given.
  Verb add(const std::string& name, const std::string& description);

  /// Positional and required, unless the name stands in brackets: `[PATH]`.
  Verb& argument(const std::string& name, std::string& value, const std::string& description);
  Verb& argument(const std::string& name, std::vector<std::string>& values, const std::string& description);
  Verb& option(const std::string& name, std::string& value, const std::string& description);
  /// Repeatable, one value each time.
  Verb& option(const std::string& name, std::vector<std::string>& values, const std::string& description);
  /// Numbers from `least` to `most`.
  Verb& option(const std::string& name, double& value, double least, double most, const std::string& description);
  Verb& option(const std::string& name, std::optional<std::uint32_t>& value, std::uint32_t least, std::uint32_t most,
               const std::string& description);
  Verb& flag(const std::string& name, bool& value, const std::string& description);

  /// What the verb does; returns the exit status.
  void runs(std::function<int()> action);

 private:
  CLI::App* app_;
  int* status_;
};

/// The command with its verbs.
class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& description, const std::string& version);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  Verb add(const std::string& name, const std::string& description);
  /// Runs the verb that the arguments name; its exit status. Prints help, version and mistakes in the arguments.
  int run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
  int status_ = 0;
};

/// A row of the verb table in main.cpp.
using AddVerb = void (*)(CommandLine& line);

}  // namespace labtwin::command
