#pragma once

// Reads what the programs of nccl-tests and rccl-tests print: a table of kind collectives.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

[[nodiscard]] bool is_nccl_text(std::string_view text) noexcept;

/// A row per size, out of place. Cards are named by the output, links by the manifest's conditions. Throws ConfigError where an
/// output is cut off: one without its last line.
[[nodiscard]] MeasurementTable read_nccl_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                                 const Manifest& manifest);

}  // namespace labtwin::calibration
