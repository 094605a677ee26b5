#pragma once

#include <regex>

#include "models/base/table_reader.hpp"

namespace labtwin::serving {

/// The regular expression under `pattern`, which a name has to hold somewhere; `icase` among `flags` takes letters of any case.
[[nodiscard]] std::regex read_name_pattern(TableReader& table, std::regex::flag_type flags = {});

}  // namespace labtwin::serving
