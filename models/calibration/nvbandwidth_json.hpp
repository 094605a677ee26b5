#pragma once

// Reads what `nvbandwidth -j` prints: a table of kind pcie_links.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

[[nodiscard]] bool is_nvbandwidth_json(std::string_view text) noexcept;

/// A row per test and pair of places. The manifest names the card (`device`) and in its `conditions` the board; generation and
/// lanes are those of the card's entry. Tests that did not run are left out. Throws ConfigError where an output is cut off.
[[nodiscard]] MeasurementTable read_nvbandwidth_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                                        const Manifest& manifest);

}  // namespace labtwin::calibration
