#include "models/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string rule) {
  Diagnostic diagnostic;
  diagnostic.place.file = path.string();
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, std::string_view action) {
  const int code = errno;
  fail(path, fmt::format("cannot be {}: {}", action, std::generic_category().message(code)));
}

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int close() noexcept { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

void write_all(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(path, "written");
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// A file that is removed again unless it was renamed to its final name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target)
      : target_(target), name_(target.string() + ".XXXXXX"), descriptor_(::mkstemp(name_.data())) {
    if (descriptor_.get() < 0) fail_with_errno(target, "written");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!renamed_) ::unlink(name_.c_str());
  }

  void write_and_rename(std::string_view content) {
    write_all(descriptor_.get(), content, target_);
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(descriptor_.get(), 0666U & ~mask) != 0) fail_with_errno(target_, "written");
    // A full disk may show only now.
    if (::fsync(descriptor_.get()) != 0 || descriptor_.close() != 0) fail_with_errno(target_, "written");
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail_with_errno(target_, "written");
    renamed_ = true;
  }

 private:
  std::filesystem::path target_;
  std::string name_;
  Descriptor descriptor_;
  bool renamed_ = false;
};

}  // namespace

std::string read_text_file(const std::filesystem::path& path, std::uintmax_t largest) {
  // Opening a named pipe would wait for a writer; O_NONBLOCK returns at once, and fstat then refuses it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail_with_errno(path, "read");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_with_errno(path, "read");
  if (S_ISDIR(status.st_mode)) fail(path, "is a directory, not a file");
  if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
  const auto size = static_cast<std::uintmax_t>(status.st_size);
  if (size > largest) fail(path, fmt::format("is larger than {} MiB", largest >> 20U));
  std::string content(size, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t count = ::read(file.get(), content.data() + filled, content.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_with_errno(path, "read");
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  content.resize(filled);
  return content;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  std::error_code ignored;
  const bool special = std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored);
  if (special) {  // a terminal, a pipe, /dev/null: written in place, never replaced
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.get() < 0) fail_with_errno(path, "written");
    write_all(file.get(), content, path);
    if (file.close() != 0) fail_with_errno(path, "written");
    return;
  }
  // A symbolic link keeps pointing where it points: its target is what is replaced.
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
  TemporaryFile(target.empty() ? path : target).write_and_rename(content);
}

void check_writable(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail(path, "is a directory, not a file");
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    if (::access(path.c_str(), W_OK) != 0) fail_with_errno(path, "written");
    return;
  }
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, ignored);
  const TemporaryFile probe(target.empty() ? path : target);
}

}  // namespace labtwin
