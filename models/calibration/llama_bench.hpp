#pragma once

// Reads what `llama-bench` prints: JSON (`-o json`, `-o jsonl`) and its Markdown table.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

[[nodiscard]] bool is_llama_bench_json(std::string_view text) noexcept;
[[nodiscard]] bool is_llama_bench_markdown(std::string_view text) noexcept;

/// A row of kind llm_throughput per test: `prefill_tok_s` of a prompt, `decode_tok_s` of generated tokens. Tests that do both
/// at once are flagged. The manifest's `device` beats the cards that the output names. Throws ConfigError where an output is
/// damaged or holds no test.
[[nodiscard]] MeasurementTable read_llama_bench_json(const std::string& name, std::span<const ToolOutput> outputs,
                                                     const Manifest& manifest);
/// As above. The table names no card; the lines `Device 0: ...` that stand above it in a terminal do.
[[nodiscard]] MeasurementTable read_llama_bench_markdown(const std::string& name, std::span<const ToolOutput> outputs,
                                                         const Manifest& manifest);

}  // namespace labtwin::calibration
