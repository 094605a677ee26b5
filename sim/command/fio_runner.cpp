#include "sim/command/fio_runner.hpp"

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

#include "models/base/error.hpp"

extern char** environ;

namespace labtwin::command {
namespace {

namespace fs = std::filesystem;

// What a signal handler may touch: set before handlers are installed.
std::atomic<pid_t> child_process = 0;
volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int) {
  stop_requested = 1;
  const pid_t child = child_process.load();
  if (child > 0) kill(child, SIGINT);
}

void install_handlers() {
  struct sigaction action {};
  action.sa_handler = &request_stop;
  sigemptyset(&action.sa_mask);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

[[noreturn]] void fail(const fs::path& path, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {path.string(), 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
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

}  // namespace

ScratchFile::ScratchFile(const fs::path& folder, Bytes size) : size_(size) {
  std::error_code error;
  if (!fs::is_directory(folder, error))
    fail(folder, "is no folder: capture works on a scratch file in a folder, never on a device");
  const fs::space_info space = fs::space(folder, error);
  if (error) fail(folder, "its free space cannot be told: " + error.message());
  if (static_cast<double>(space.available) < 1.1 * size.value()) {
    fail(folder,
         fmt::format("has {:.1f} GB free, the scratch file takes {:.1f} GB", static_cast<double>(space.available) / 1e9,
                     size.value() / 1e9),
         "choose a smaller --size");
  }
  install_handlers();
  std::string name = (fs::canonical(folder) / ".labtwin-capture-XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) fail(folder, fmt::format("cannot be written: {}", std::strerror(errno)));
  close(descriptor);
  path_ = name;
}

ScratchFile::~ScratchFile() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

bool interrupted() noexcept {
  return stop_requested != 0;
}

std::string run_fio(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"fio"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw std::runtime_error(fmt::format("no pipe: {}", std::strerror(errno)));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  // A group of its own: Ctrl-C reaches fio through the handler, once.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = posix_spawnp(&child, "fio", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  if (error != 0) {
    close(pipe_ends[0]);
    fail("fio", error == ENOENT ? "is not installed" : fmt::format("cannot be started: {}", std::strerror(error)),
         "install it: apt install fio");
  }
  child_process = child;
  if (interrupted()) kill(child, SIGINT);  // asked to stop before the handler knew the child
  std::string output = read_all(pipe_ends[0]);
  close(pipe_ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  child_process = 0;
  if (!interrupted() && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) fail("fio", "failed on the scratch file");
  return output;
}

}  // namespace labtwin::command
