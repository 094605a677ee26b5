#pragma once

#include <string>
#include <vector>

#include "models/base/document.hpp"

namespace labtwin::command {

/// What `--set KEY=VALUE` says, each text one of them; throws ConfigError.
[[nodiscard]] std::vector<Override> parse_overrides(const std::vector<std::string>& texts);

}  // namespace labtwin::command
