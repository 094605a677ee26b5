#pragma once

#include <string>

#include "sim/run/capacity.hpp"

namespace labtwin::output {

/// The summary that `labtwin capacity` prints: the answer in a sentence, then a row per what-if, the one that bears most first.
[[nodiscard]] std::string capacity_text(const Capacity& capacity);

/// The document that `labtwin capacity --json` prints.
[[nodiscard]] std::string capacity_json(const Capacity& capacity);

}  // namespace labtwin::output
