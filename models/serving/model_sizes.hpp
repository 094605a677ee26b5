#pragma once

// Sizes of models that the catalog has no entry of and whose names do not tell them, or not in whole.

#include <optional>
#include <regex>
#include <string_view>
#include <vector>

#include "models/base/table_reader.hpp"

namespace labtwin::serving {

/// Parameters of a model, and those that a token uses.
struct ModelSize {
  double parameters = 0.0;
  double active = 0.0;
};

struct NamedModelSize {
  std::regex pattern;  ///< a name of the model holds it
  ModelSize size;
};

/// What models/catalog/model_sizes.toml lists.
[[nodiscard]] std::vector<NamedModelSize> read_model_sizes(const Document& document, DiagnosticSink& sink);

/// Of the first pattern that the name holds.
[[nodiscard]] std::optional<ModelSize> find_model_size(const std::vector<NamedModelSize>& sizes, std::string_view name);

}  // namespace labtwin::serving
