#include "sim/run/worker_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace labtwin {
namespace {

constexpr int kPollMilliseconds = 100;
constexpr std::size_t kChunk = 65536;
constexpr int kCannotExecute = 127;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::filesystem::path find_worker(const WorkerOptions& options) {
  if (options.program) return *options.program;
  if (const char* named = std::getenv("LABTWIN_WORKER"); named != nullptr && *named != '\0') return named;
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return folder / "labtwin-worker";
}

/// A worker that runs. Its children share its process group, so that ending one ends all.
class Worker {
 public:
  explicit Worker(const std::filesystem::path& program) : input_(make_pipe()), output_(make_pipe()) {
    const std::string name = program.string();
    pid_ = ::fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot start a worker");
    if (pid_ == 0) become(name.c_str());
    ::setpgid(pid_, pid_);  // also here: whichever of the two comes first
    input_.read.close();
    output_.write.close();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (pid_ > 0) stop();
  }

  [[nodiscard]] int output() const noexcept { return output_.read.number(); }

  void send(const std::string& request) {
    std::size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t count = ::write(input_.write.number(), request.data() + sent, request.size() - sent);
      if (count > 0) {
        sent += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        break;  // it has gone already; its exit status says why
      }
    }
    input_.write.close();
  }

  void stop() noexcept {
    ::kill(-pid_, SIGKILL);
    (void)wait();
  }

  /// The status of waitpid, after the end of the process.
  int wait() noexcept {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  [[noreturn]] void become(const char* program) noexcept {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input_.read.number(), STDIN_FILENO);
    ::dup2(output_.write.number(), STDOUT_FILENO);
    ::execl(program, program, static_cast<char*>(nullptr));
    ::_exit(kCannotExecute);
  }

  Pipe input_;
  Pipe output_;
  pid_t pid_ = -1;
};

/// Ignores SIGPIPE while it lives: a worker that died early is told by its status.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() noexcept : before_(::signal(SIGPIPE, SIG_IGN)) {}
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;
  ~NoBrokenPipeSignal() { ::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

void check_status(int status, const std::filesystem::path& program) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (WIFSIGNALED(status)) {
    throw WorkerError(fmt::format("the simulation worker was ended by signal {} ({}); no answer", WTERMSIG(status),
                                  ::strsignal(WTERMSIG(status))));
  }
  if (WEXITSTATUS(status) == kCannotExecute) {
    throw WorkerError(fmt::format("{}: the simulation worker cannot be started", program.string()));
  }
  throw WorkerError(fmt::format("the simulation worker ended with status {}; no answer", WEXITSTATUS(status)));
}

}  // namespace

bool converse_with_worker(const std::string& request, const WorkerOptions& options,
                          const std::function<void(std::string_view)>& on_line) {
  const std::filesystem::path program = find_worker(options);
  const NoBrokenPipeSignal no_signal;
  Worker worker(program);
  worker.send(request);
  std::string pending;
  std::array<char, kChunk> chunk{};
  while (true) {
    if (options.interrupted && options.interrupted()) {
      worker.stop();
      return false;
    }
    pollfd watched{.fd = worker.output(), .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, kPollMilliseconds) <= 0) continue;
    const ssize_t count = ::read(worker.output(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    pending.append(chunk.data(), static_cast<std::size_t>(count));
    std::size_t start = 0;
    for (std::size_t end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', start)) {
      on_line(std::string_view(pending).substr(start, end - start));
      start = end + 1;
    }
    pending.erase(0, start);
  }
  check_status(worker.wait(), program);
  return true;
}

}  // namespace labtwin
