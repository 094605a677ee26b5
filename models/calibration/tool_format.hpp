#pragma once

// What measuring tools print, read into tables of the project's kinds. A format is recognised by its content, never by a file's
// name.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/manifest.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// What a tool printed.
struct ToolOutput {
  std::string file;  ///< for messages and the column `source`
  std::string text;
};

/// A row of the table of formats.
struct ToolFormat {
  std::string_view name;  ///< as its users call it
  bool (*recognises)(std::string_view text) noexcept;
  /// One table of one kind; throws ConfigError where an output is damaged or of another kind than the first.
  MeasurementTable (*read)(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest);
};

/// Reads outputs of one tool, whichever it is. Throws ConfigError if there is none that prints such a text.
[[nodiscard]] MeasurementTable read_tool_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                                 const Manifest& manifest);

}  // namespace labtwin::calibration
