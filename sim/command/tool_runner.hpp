#pragma once

// Runs measuring tools of others: fio, iperf3. A signal that asks labtwin to stop is passed on to the tool, and what labtwin
// made is cleared away by the destructors that run on the way out.

#include <sys/types.h>
#include <string>
#include <vector>

namespace labtwin::command {

/// A program and how to get it.
struct Tool {
  std::string program;
  std::string install;  ///< the command that installs it
};

/// From now on a signal to stop (Ctrl-C, SIGTERM, SIGHUP) is noted instead of ending the program.
void note_signals();

/// Whether a signal asked to stop since note_signals; the tool that ran was told to stop as well.
[[nodiscard]] bool interrupted() noexcept;

/// What came of a tool.
struct ToolAnswer {
  std::string output;      ///< its stdout
  bool succeeded = false;  ///< exit status 0
};

/// Runs a tool to its end. Throws ConfigError if it is not installed.
[[nodiscard]] ToolAnswer run_tool(const Tool& tool, const std::vector<std::string>& arguments);

/// A tool that runs beside others while this lives, its output thrown away.
class BackgroundTool {
 public:
  /// Throws ConfigError if it is not installed.
  BackgroundTool(const Tool& tool, const std::vector<std::string>& arguments);
  BackgroundTool(const BackgroundTool&) = delete;
  BackgroundTool& operator=(const BackgroundTool&) = delete;
  ~BackgroundTool();

  /// Whether it has not ended by itself.
  [[nodiscard]] bool is_running() const;

 private:
  pid_t process_;
};

}  // namespace labtwin::command
