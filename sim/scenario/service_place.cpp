#include "sim/scenario/service_place.hpp"

#include <system_error>

namespace labtwin {

std::optional<std::filesystem::path> find_file(const std::string& name, const std::vector<std::filesystem::path>& folders) {
  std::error_code ignored;
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::is_regular_file(folder / name, ignored)) return folder / name;
  }
  return std::nullopt;
}

}  // namespace labtwin
