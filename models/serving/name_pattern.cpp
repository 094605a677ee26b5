#include "models/serving/name_pattern.hpp"

#include <string>

namespace labtwin::serving {

std::regex read_name_pattern(TableReader& table, std::regex::flag_type flags) {
  const auto text = table.required<std::string>("pattern");
  try {
    return std::regex(text, std::regex::ECMAScript | std::regex::nosubs | flags);
  } catch (const std::regex_error&) {
    table.fail("pattern", "must be a regular expression");
    return {};
  }
}

}  // namespace labtwin::serving
