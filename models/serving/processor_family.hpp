#pragma once

// What a processor is taken for where the catalog has no entry of it, or one that tells no rate of arithmetic, by the line of
// products that its name tells.

#include <optional>
#include <regex>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/base/units.hpp"

namespace labtwin::serving {

struct ProcessorFamily {
  std::regex pattern;  ///< a name of the line holds it
  int cores = 1;       ///< of a usual member
  BytesPerSecond memory_bandwidth;
  FlopsPerSecond fp32;  ///< of all these cores
};

/// What models/catalog/processor_families.toml lists.
[[nodiscard]] std::vector<ProcessorFamily> read_processor_families(const Document& document, DiagnosticSink& sink);

/// The first family whose pattern the name holds; nullptr if there is none.
[[nodiscard]] const ProcessorFamily* find_processor_family(const std::vector<ProcessorFamily>& families, std::string_view name);

}  // namespace labtwin::serving
