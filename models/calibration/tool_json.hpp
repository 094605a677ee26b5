#pragma once

// What the readers of tools' JSON share.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

/// The objects of an output: one, an array of them, or one a line. Throws ConfigError where the text is none of these.
[[nodiscard]] std::vector<nlohmann::json> json_objects(const ToolOutput& output);

/// A number or a text of an object; nothing, or an empty text, if it has none of this name.
[[nodiscard]] std::optional<double> json_number(const nlohmann::json& object, std::string_view key);
[[nodiscard]] std::string json_text(const nlohmann::json& object, std::string_view key);

/// Throws ConfigError about a file as a whole.
[[noreturn]] void fail_output(const std::string& file, std::string rule, std::string hint = {});

}  // namespace labtwin::calibration
