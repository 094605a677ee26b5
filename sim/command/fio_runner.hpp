#pragma once

// Runs the real fio on one scratch file. The file lies in a folder the user named and is removed whatever happens.

#include <filesystem>
#include <string>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::command {

/// A file of bounded size below a folder; made when constructed, gone when destroyed or when the program is interrupted.
class ScratchFile {
 public:
  /// Throws ConfigError if `folder` is no folder that can be written, or has less than the size and a tenth more free.
  ScratchFile(const std::filesystem::path& folder, Bytes size);
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] Bytes size() const noexcept { return size_; }

 private:
  std::filesystem::path path_;
  Bytes size_;
};

/// Whether a signal asked to stop; fio is told to stop as well.
[[nodiscard]] bool interrupted() noexcept;

/// Runs fio with these arguments and returns what it prints on stdout. Throws ConfigError if fio is not installed, with the
/// command that installs it, or if it fails.
[[nodiscard]] std::string run_fio(const std::vector<std::string>& arguments);

}  // namespace labtwin::command
