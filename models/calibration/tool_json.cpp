#include "models/calibration/tool_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "models/base/error.hpp"
#include "models/base/text.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

/// One object a line, as streams are written.
std::vector<json> objects_of_lines(const ToolOutput& output) {
  std::vector<json> objects;
  std::string_view rest = output.text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    json object = json::parse(text, nullptr, false);
    if (object.is_discarded() || !object.is_object()) {
      throw ConfigError({.place = {output.file, line, 0},
                         .key = {},
                         .value = {},
                         .rule = "is no complete JSON: the run was cut off or the file is damaged",
                         .hint = "run it again, or leave out what is not whole"});
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace

void fail_output(const std::string& file, std::string rule, std::string hint) {
  throw ConfigError({.place = {file, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

std::vector<json> json_objects(const ToolOutput& output) {
  json root = json::parse(output.text, nullptr, false);
  if (root.is_discarded()) return objects_of_lines(output);
  if (root.is_object()) return {std::move(root)};
  if (!root.is_array()) fail_output(output.file, "is JSON but neither an object nor a list of them");
  std::vector<json> objects;
  for (json& object : root) {
    if (!object.is_object()) fail_output(output.file, fmt::format("entry {} is no JSON object", objects.size() + 1));
    objects.push_back(std::move(object));
  }
  return objects;
}

std::optional<double> json_number(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

std::string json_text(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace labtwin::calibration
