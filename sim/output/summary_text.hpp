#pragma once

#include <string>

#include "sim/run/results.hpp"

namespace labtwin::output {

/// The whole answer for a terminal: verdict, answer, and the tables that back it.
[[nodiscard]] std::string summary_text(const Results& results);

}  // namespace labtwin::output
