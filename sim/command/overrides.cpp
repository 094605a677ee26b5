#include "sim/command/overrides.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/base/error.hpp"

namespace labtwin::command {

std::vector<Override> parse_overrides(const std::vector<std::string>& texts) {
  std::vector<Override> overrides;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      Diagnostic diagnostic;
      diagnostic.rule = fmt::format("--set {}: must be KEY=VALUE", text);
      throw ConfigError(std::move(diagnostic));
    }
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return overrides;
}

}  // namespace labtwin::command
