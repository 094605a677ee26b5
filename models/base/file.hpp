#pragma once

// Reading and writing whole files. Every failure is a ConfigError of one line that names the file and the reason.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace labtwin {

/// The bytes of a regular file of at most `largest` bytes.
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path, std::uintmax_t largest = std::uintmax_t{1} << 32U);

/// Replaces a file as a whole: readers see the old content or the new, never a part, whatever happens meanwhile.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Fails now if `write_file_atomically` would fail for want of a folder or of permission; leaves nothing behind.
void check_writable(const std::filesystem::path& path);

}  // namespace labtwin
