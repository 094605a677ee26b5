#include "sim/command/scratch_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "models/base/error.hpp"

namespace labtwin::command {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {path.string(), 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
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

}  // namespace labtwin::command
