#pragma once

// Reads what `vllm bench serve --save-result` writes, with or without `--save-detailed`.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

[[nodiscard]] bool is_vllm_bench_json(std::string_view text) noexcept;

/// Rows of kind llm_throughput per run: `throughput_out_tok_s`, and the medians `ttft_ms` and `itl_ms`. The tool keeps no times
/// of arrival, so a run cannot be replayed. The number of requests at once is the mean that Little's law tells: the time that
/// all requests took over that of the run. The card comes from the manifest. Runs with failed requests are flagged. Throws
/// ConfigError where an output is damaged, or its lists of requests differ in length.
[[nodiscard]] MeasurementTable read_vllm_bench(const std::string& name, std::span<const ToolOutput> outputs,
                                               const Manifest& manifest);

}  // namespace labtwin::calibration
