#pragma once

// Reads the timings that servers send with an answer: Ollama's `/api/generate` and `/api/chat`, llama-server's `/completion`
// and its chat completions.

#include <span>
#include <string>
#include <string_view>

#include "models/calibration/measurement_table.hpp"
#include "models/calibration/tool_format.hpp"

namespace labtwin::calibration {

[[nodiscard]] bool is_ollama_timings(std::string_view text) noexcept;
[[nodiscard]] bool is_llama_server_timings(std::string_view text) noexcept;

/// Two rows of kind llm_throughput per answer: `prefill_tok_s` of the part of the prompt that was not cached, and
/// `decode_tok_s`. Of a stream the last object counts. The card comes from the manifest. Answers of a few tokens are flagged.
/// Throws ConfigError where an output is damaged, unfinished or holds no timings.
[[nodiscard]] MeasurementTable read_ollama_timings(const std::string& name, std::span<const ToolOutput> outputs,
                                                   const Manifest& manifest);
[[nodiscard]] MeasurementTable read_llama_server_timings(const std::string& name, std::span<const ToolOutput> outputs,
                                                         const Manifest& manifest);

}  // namespace labtwin::calibration
