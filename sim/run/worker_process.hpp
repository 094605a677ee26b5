#pragma once

// The other program, `labtwin-worker`: it loads the simulation library, which `check`, `parts` and Python do without, and a
// crash in it is an error here, not an end. One JSON request goes in, lines come out until it ends.

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace labtwin {

/// A worker ended in a way that no input explains (killed, crashed, or not to be found).
class WorkerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller asked to stop; what() says how far the work had come.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How to start workers.
struct WorkerOptions {
  std::optional<std::filesystem::path> program;  ///< nothing: $LABTWIN_WORKER, or `labtwin-worker` beside this executable
  std::function<bool()> interrupted;             ///< polled ten times a second; empty: never
};

/// Starts a worker, hands it `request` and calls `on_line` with each line it writes, in order. Returns when it has ended well;
/// returns false when `interrupted` said so, after the worker and its children are gone. Throws WorkerError.
bool converse_with_worker(const std::string& request, const WorkerOptions& options,
                          const std::function<void(std::string_view)>& on_line);

}  // namespace labtwin
