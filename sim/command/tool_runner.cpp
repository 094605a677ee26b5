#include "sim/command/tool_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "models/base/error.hpp"

extern char** environ;

namespace labtwin::command {
namespace {

// What a signal handler may touch: set before handlers are installed.
std::atomic<pid_t> child_process = 0;
volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int) {
  stop_requested = 1;
  const pid_t child = child_process.load();
  if (child > 0) kill(child, SIGINT);
}

[[noreturn]] void fail(const Tool& tool, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {tool.program, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return text;
    }
  }
}

/// Starts a tool with its stdout at `output`, or thrown away if that is negative, and its stderr thrown away.
pid_t start(const Tool& tool, const std::vector<std::string>& arguments, int output) {
  std::vector<std::string> words = {tool.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output >= 0) {
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A group of its own: Ctrl-C reaches the tool through the handler, once.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = posix_spawnp(&child, tool.program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  fail(tool, error == ENOENT ? "is not installed" : fmt::format("cannot be started: {}", std::strerror(error)),
       "install it: " + tool.install);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// The two ends of a pipe; what has not been closed is when this dies.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error(fmt::format("no pipe: {}", std::strerror(errno)));
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(ends_[0]);
    close_writer();
  }

  [[nodiscard]] int reader() const noexcept { return ends_[0]; }
  [[nodiscard]] int writer() const noexcept { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

void note_signals() {
  struct sigaction action {};
  action.sa_handler = &request_stop;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

bool interrupted() noexcept {
  return stop_requested != 0;
}

ToolAnswer run_tool(const Tool& tool, const std::vector<std::string>& arguments) {
  Pipe pipe;
  const pid_t child = start(tool, arguments, pipe.writer());
  pipe.close_writer();
  child_process = child;
  if (interrupted()) kill(child, SIGINT);  // asked to stop before the handler knew the child
  ToolAnswer answer;
  answer.output = read_all(pipe.reader());
  const int status = wait_for(child);
  child_process = 0;
  answer.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return answer;
}

BackgroundTool::BackgroundTool(const Tool& tool, const std::vector<std::string>& arguments)
    : process_(start(tool, arguments, -1)) {}

BackgroundTool::~BackgroundTool() {
  kill(process_, SIGTERM);
  static_cast<void>(wait_for(process_));
}

bool BackgroundTool::is_running() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

}  // namespace labtwin::command
