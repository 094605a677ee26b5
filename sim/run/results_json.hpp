#pragma once

#include <string>
#include <string_view>

#include "sim/run/results.hpp"

namespace labtwin {

/// The document that `labtwin run --json` prints: keys sorted, numbers in shortest exact form, no clock, host or path.
[[nodiscard]] std::string to_json(const Results& results);

/// One line for the pipe between a worker and whoever started it, and back. A text that is no such line throws InternalError.
[[nodiscard]] std::string to_json_line(const RunSummary& summary);
[[nodiscard]] RunSummary run_summary_from_json(std::string_view line);

}  // namespace labtwin
