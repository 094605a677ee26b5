#pragma once

// The input under test in a file that is mapped into memory: it is there even if the process dies, and costs no system call.

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace labtwin::fuzz {

class KeptInput {
 public:
  /// Texts are cut to this length; shorter ones are filled up with new lines.
  static constexpr std::size_t kSize = 1U << 16U;

  /// Throws std::runtime_error if the file cannot be made.
  explicit KeptInput(const char* path);
  KeptInput(const KeptInput&) = delete;
  KeptInput& operator=(const KeptInput&) = delete;
  ~KeptInput();

  void keep(std::string_view text) noexcept {
    std::fill(std::copy_n(text.begin(), std::min(text.size(), kSize), data_), data_ + kSize, '\n');
  }

 private:
  char* data_;
};

}  // namespace labtwin::fuzz
