#pragma once

// Request traces as their publishers write them, read into one form. A format is recognised by its header line or its keys,
// never by the file's name:
//   azure      TIMESTAMP,ContextTokens,GeneratedTokens                    (AzurePublicDataset LLM inference traces)
//   splitwise  arrived_at,num_prefill_tokens,num_decode_tokens            (vidur)
//   burstgpt   Timestamp,...,Request tokens,Response tokens,...           (BurstGPT; failed requests have no output)
//   agentic    trace_id,...,t_s,...,input_tokens,output_tokens            (flattened agent conversations)
//   chars      agent_family,session_id,...,timestamp_s,input_chars,...    (agent traces in characters, 4 to a token)
//   mooncake   {"timestamp": ms, "input_length", "output_length", "hash_ids": [...]}
//   vllm       {"num_prompts", "request_rate", "input_lens": [...], "output_lens": [...], "start_times": [...]}, the result of
//              `vllm bench serve --save-detailed`
//   ragpulse   {"timestamp": "s", "input_length", "output_length", "hash_ids": {"passages_ids": [...]}, "session_id"}

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/units.hpp"

namespace labtwin::workload {

/// Tokens of a `hash_id` of Mooncake's traces.
inline constexpr std::uint32_t kSegmentTokens = 512;

/// One request of a trace.
struct TraceRequest {
  Seconds at;  ///< since the first request of the trace
  double prompt_tokens = 0.0;
  double output_tokens = 0.0;
  std::uint32_t num_passages = 0;  ///< retrieved passages in the prompt; 0 where the trace does not say
  std::string session;             ///< conversation it belongs to; empty where the trace does not say
  /// Texts of kSegmentTokens that the prompt consists of, each with all before it: equal ones are computed once where an engine
  /// keeps them. Empty where the trace does not say.
  std::vector<std::uint32_t> segments{};
};

/// A trace in order of arrival.
struct Trace {
  std::string format;
  std::vector<TraceRequest> requests;
};

/// Reads a trace; throws ConfigError with every wrong line. `name` is the file that diagnostics name.
[[nodiscard]] Trace read_trace(std::istream& input, std::string_view name);
[[nodiscard]] Trace read_trace(const std::filesystem::path& path);

}  // namespace labtwin::workload
