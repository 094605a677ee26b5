#pragma once

// Reads what `iperf3 --json` prints at the client.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

/// Whether a text is iperf3's JSON.
[[nodiscard]] bool is_iperf3_json(std::string_view text) noexcept;

/// A row per run: of kind tcp_bulk, or of kind udp_loss if the runs were of UDP. The rate of the link and, where the output
/// does not tell it, the round trip come from the manifest's `[path]`. Runs that tell nothing about the path (several streams,
/// shorter than a second, faster than the link) get their reason in the column `flag` and are not predicted. Throws ConfigError
/// where an output is damaged, reports an error of iperf3, or mixes protocols.
[[nodiscard]] MeasurementTable read_iperf3_outputs(const std::string& name, std::span<const ToolOutput> outputs,
                                                   const Manifest& manifest);

}  // namespace labtwin::calibration
