#pragma once

#include <algorithm>
#include <regex>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"

namespace labtwin::serving {

/// The regular expression under `pattern`, which a name has to hold somewhere; `icase` among `flags` takes letters of any case.
[[nodiscard]] std::regex read_name_pattern(TableReader& table, std::regex::flag_type flags = {});

/// The first of a list whose `pattern` the name holds; nullptr if there is none.
template <class Named>
[[nodiscard]] const Named* find_by_pattern(const std::vector<Named>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const Named& one) { return std::regex_search(name.begin(), name.end(), one.pattern); });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace labtwin::serving
