#pragma once

// Reads what `fio --output-format=json` (or json+) prints.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

/// What fio does not know about the drive it ran on; empty members are told from the output as far as it goes.
struct FioContext {
  std::string device;
  std::string drive_class;
  std::string drive_interface;
};

/// Whether a text is fio's JSON.
[[nodiscard]] bool is_fio_json(std::string_view text) noexcept;

/// Appends one row per job and direction to a table of kind fio_sweep made by `fio_table`; the halves of a mixed job are rows
/// with `part` read and write. Runs that cannot be true (errors, shorter than a second, faster than any medium, a queue that
/// was not kept full) get their reason in column `flag` and no split, so that nothing is fitted to them. Throws ConfigError
/// where the text is no fio output.
void append_fio_json(MeasurementTable& table, const std::string& file, std::string_view text, const FioContext& context);

/// One table of what fio printed; see append_fio_json. What it does not know comes from the manifest.
[[nodiscard]] MeasurementTable read_fio_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                                const Manifest& manifest);

/// An empty table with the columns that append_fio_json fills.
[[nodiscard]] MeasurementTable fio_table(std::string name);

/// The flags of a table, one line each, for people.
[[nodiscard]] std::vector<std::string> flagged_runs(const MeasurementTable& table);

}  // namespace labtwin::calibration
