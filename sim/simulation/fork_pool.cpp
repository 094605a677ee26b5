#include "sim/simulation/fork_pool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace labtwin {
namespace {

constexpr std::size_t kChunk = 65536;

struct Child {
  pid_t pid = -1;
  int output = -1;
  std::string text;
};

void write_all(int descriptor, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(descriptor, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return;  // nobody reads any more
    if (count > 0) written += static_cast<std::size_t>(count);
  }
}

class Pool {
 public:
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (const Child& child : children_) {
      ::kill(child.pid, SIGKILL);
      ::close(child.output);
      ::waitpid(child.pid, nullptr, 0);
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }

  void start(std::size_t number, const std::function<std::string(std::size_t)>& job) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot start a run");
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      write_all(ends[1], job(number) + "\n");
      ::_exit(0);  // without the destructors of the parent's objects
    }
    ::close(ends[1]);
    children_.push_back({.pid = pid, .output = ends[0], .text = {}});
  }

  /// Waits until a child has written or ended; returns the line of one that has ended.
  std::string next_line() {
    while (true) {
      std::vector<pollfd> watched;
      for (const Child& child : children_) watched.push_back({.fd = child.output, .events = POLLIN, .revents = 0});
      if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
        throw std::system_error(errno, std::generic_category(), "cannot wait for runs");
      }
      for (std::size_t i = 0; i < watched.size(); ++i) {
        if (watched[i].revents != 0 && !read_some(children_[i])) return finish(i);
      }
    }
  }

 private:
  static bool read_some(Child& child) {
    std::array<char, kChunk> chunk{};
    const ssize_t count = ::read(child.output, chunk.data(), chunk.size());
    if (count > 0) child.text.append(chunk.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EINTR);
  }

  std::string finish(std::size_t index) {
    Child child = std::move(children_[index]);
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index));
    ::close(child.output);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    if (WIFSIGNALED(status)) {
      throw std::runtime_error(
          fmt::format("a run was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status))));
    }
    if (!child.text.ends_with('\n')) throw std::runtime_error("a run ended without an answer");
    child.text.pop_back();
    return child.text;
  }

  std::vector<Child> children_;
};

}  // namespace

void run_forked(std::size_t num_jobs, std::size_t num_parallel, const std::function<std::string(std::size_t)>& job,
                const std::function<void(const std::string&)>& on_line) {
  Pool pool;
  std::size_t next = 0;
  for (std::size_t finished = 0; finished < num_jobs; ++finished) {
    while (next < num_jobs && pool.size() < std::max<std::size_t>(1, num_parallel)) pool.start(next++, job);
    on_line(pool.next_line());
  }
}

}  // namespace labtwin
