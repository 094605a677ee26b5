#include "models/catalog/data_folder.hpp"

#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "models/base/error.hpp"

namespace labtwin::catalog {
namespace {

namespace fs = std::filesystem;

/// The data below a root, which is laid out as an installation or as the source tree.
std::optional<DataFolder> data_below(const fs::path& root) {
  std::error_code ignored;
  for (const char* catalog : {"catalog", "models/catalog"}) {
    if (fs::is_directory(root / catalog, ignored))
      return DataFolder{root / catalog, (root / catalog).parent_path() / "calibration", root / "scenarios"};
  }
  return std::nullopt;
}

[[noreturn]] void fail(std::string file, std::string rule) {
  Diagnostic diagnostic;
  diagnostic.place.file = std::move(file);
  diagnostic.rule = std::move(rule);
  throw ConfigError(std::move(diagnostic));
}

}  // namespace

DataFolder find_data_folder() {
  if (const char* named = std::getenv("LABTWIN_DATA"); named != nullptr && *named != '\0') {
    if (auto data = data_below(named)) return *data;
    fail(named, "holds no catalog folder; LABTWIN_DATA must name labtwin's data folder");
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (auto data = data_below(program.parent_path().parent_path() / "share" / "labtwin")) return *data;
  if (auto data = data_below(LABTWIN_SOURCE_DIR)) return *data;
  fail("", "labtwin's data folder is not found; set LABTWIN_DATA to it");
}

}  // namespace labtwin::catalog
