#pragma once

// What a scenario is compared with: its what-ifs and the points of its sweep, each a set of overrides of the same file.

#include <string>
#include <vector>

#include "models/base/document.hpp"
#include "models/base/table_reader.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// One changed scenario.
struct Variant {
  std::string label;  ///< `what-if "second drive"` or `sweep point "100 MB/s"`
  std::vector<Override> overrides;
};

/// The what-ifs, then the sweep points, in the order of the file.
[[nodiscard]] std::vector<Variant> variants_of(const Scenario& scenario);

/// Reads an item of `[[what_if]]`; `services` are the names that it can remove.
[[nodiscard]] WhatIf read_what_if(TableReader& table, const std::vector<std::string>& services);

/// Reads `[sweep]`.
[[nodiscard]] Sweep read_sweep(TableReader& table, const std::vector<std::string>& services,
                               const std::vector<std::string>& workloads);

/// Reports a name that the key gives and that is not among the known ones.
void check_reference(TableReader& table, std::string_view key, const std::string& name, const std::vector<std::string>& known);

}  // namespace labtwin
