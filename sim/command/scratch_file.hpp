#pragma once

#include <filesystem>

#include "models/base/units.hpp"

namespace labtwin::command {

/// A file of bounded size below a folder that the user named; made when constructed, gone when destroyed. After note_signals
/// that holds for Ctrl-C too.
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

}  // namespace labtwin::command
