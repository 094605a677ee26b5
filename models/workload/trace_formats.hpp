#pragma once

// The formats of traces:
//   azure      TIMESTAMP,ContextTokens,GeneratedTokens                    (AzurePublicDataset LLM inference traces)
//   splitwise  arrived_at,num_prefill_tokens,num_decode_tokens            (vidur)
//   lengths    num_prefill_tokens,num_decode_tokens,...                   (vidur; no times)
//   burstgpt   Timestamp,...,Request tokens,Response tokens,...           (BurstGPT; failed requests have no output)
//   agentic    trace_id,agent,...,t_s,...,input_tokens,output_tokens,...  (the conversations of weka, flattened)
//   chars      session_id,...,timestamp_s,input_chars,output_chars,...    (LMCache's agents in characters, 4 to a token)
//   mooncake   {"timestamp": ms, "input_length", "output_length", "hash_ids": [...]}
//   ragpulse   {"timestamp": "s", "input_length", "output_length", "hash_ids": {"passages_ids": [...]}, "session_id"}
//   weka       {"id", "block_size", "requests": [{"t", "in", "out", "hash_ids", "api_time", "think_time"}, ...]}, a line for a
//              conversation, whose agents nest their own requests (kv-cache-tester)
//   tracelab   {"session_id", "input_tokens_total", "prefix_tokens", "newly_append_tokens", "timing_events": [...]}
//   vllm       {"num_prompts", "request_rate", "input_lens": [...], "output_lens": [...], "start_times": [...]}, the result of
//              `vllm bench serve --save-detailed`
// A further one is a source file with its make_ function here and a row in trace.cpp.

#include <memory>
#include <string_view>

#include "models/workload/trace_draft.hpp"

namespace labtwin::workload {

/// Reads a trace of one format, line by line.
class TraceFormat {
 public:
  virtual ~TraceFormat() = default;

  /// A line, without its end; the first one included. Not empty.
  virtual void read(std::string_view line, TraceDraft& draft) = 0;
  /// After the last one.
  virtual void finish(TraceDraft& /*draft*/) {}
};

// Each makes its format if `line` is how a file of it begins; nothing if not.

[[nodiscard]] std::unique_ptr<TraceFormat> make_bench_result(std::string_view line, TraceDraft& draft);
[[nodiscard]] std::unique_ptr<TraceFormat> make_conversations(std::string_view line, TraceDraft& draft);
[[nodiscard]] std::unique_ptr<TraceFormat> make_rounds(std::string_view line, TraceDraft& draft);
[[nodiscard]] std::unique_ptr<TraceFormat> make_request_lines(std::string_view line, TraceDraft& draft);
[[nodiscard]] std::unique_ptr<TraceFormat> make_step_table(std::string_view line, TraceDraft& draft);
[[nodiscard]] std::unique_ptr<TraceFormat> make_request_table(std::string_view line, TraceDraft& draft);

}  // namespace labtwin::workload
