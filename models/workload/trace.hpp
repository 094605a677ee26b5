#pragma once

// Request traces as their publishers write them, read into one form. A format is recognised by its first line, never by the
// file's name; trace_formats.hpp lists them.
//
// Open requests come at their times. Those of a session follow one another: the next is asked when those that it waits for are
// answered and its gap has passed, however long the answers take here.

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "models/base/text_run.hpp"
#include "models/base/units.hpp"

namespace labtwin::workload {

/// Where the gap before a request begins: behind the answers that it waits for or, where a trace tells no more, when they were
/// asked for. Then it is asked no sooner than it is answered.
enum class GapFrom : std::uint8_t { Answer, Request };

/// One request of a trace.
struct TraceRequest {
  Seconds at{};  ///< since the first request of the trace; of a request that follows others, what the trace says
  double prompt_tokens = 0.0;
  double output_tokens = 0.0;
  std::uint32_t num_passages = 0;  ///< retrieved passages in the prompt; 0 where the trace does not say
  std::uint32_t session = 0;       ///< conversation it belongs to, from 1; 0 where the trace does not say
  /// What the prompt and the answer consist of, in numbers of the trace: equal texts are computed once where an engine keeps
  /// them. Empty where the trace does not say.
  std::vector<TextRun> texts{};
  std::vector<std::uint32_t> after{};  ///< numbers, below its own, of the requests that it waits for
  Seconds gap{};                       ///< before it is asked
  GapFrom gap_from = GapFrom::Answer;
};

/// A trace. Requests that follow none are in order of arrival, or of the file where it has no clock.
struct Trace {
  std::string format;
  std::vector<TraceRequest> requests;
  bool has_clock = true;  ///< tells when requests come that follow none
};

/// Reads a trace; throws ConfigError with every wrong line. `name` is the file that diagnostics name.
[[nodiscard]] Trace read_trace(std::istream& input, std::string_view name);
[[nodiscard]] Trace read_trace(const std::filesystem::path& path);

}  // namespace labtwin::workload
