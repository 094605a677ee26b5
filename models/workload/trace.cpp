#include "models/workload/trace.hpp"

#include <array>
#include <fstream>
#include <istream>
#include <memory>

#include "models/base/error.hpp"
#include "models/workload/trace_formats.hpp"

namespace labtwin::workload {
namespace {

/// In the order in which they are tried.
constexpr std::array kFormats = {&make_bench_result,  &make_conversations, &make_rounds,
                                 &make_request_lines, &make_step_table,    &make_request_table};

constexpr std::string_view kLayouts =
    "must be a request trace: a table with the columns of azure, splitwise, lengths, burstgpt, agentic or chars, JSON lines of "
    "mooncake, ragpulse, weka or tracelab, or a result of vllm bench serve";

std::unique_ptr<TraceFormat> recognise(std::string_view line, TraceDraft& draft) {
  if (line.starts_with("\xFD"
                       "7zXZ"))
    draft.fail("is compressed; unpack it first with `xz -dk`");
  if (line.starts_with("category,model,client_chunk,")) {
    draft.fail("says how clients of ServeGen behave, and holds no requests", "arrivals = { process = \"servegen\", ... }");
  }
  for (const auto make : kFormats) {
    if (auto format = make(line, draft)) return format;
  }
  draft.fail(kLayouts);
}

}  // namespace

Trace read_trace(std::istream& input, std::string_view name) {
  TraceDraft draft(name);
  std::unique_ptr<TraceFormat> format;
  std::string line;
  while (std::getline(input, line)) {
    draft.next_line();
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    if (!format) format = recognise(line, draft);
    format->read(line, draft);
  }
  if (!format) draft.fail(kLayouts);
  format->finish(draft);
  return draft.finish();
}

Trace read_trace(const std::filesystem::path& path) {
  std::ifstream input(path, std::ios::binary);
  if (!input) {
    Diagnostic diagnostic;
    diagnostic.place.file = path.string();
    diagnostic.rule = "cannot be read";
    throw ConfigError(std::move(diagnostic));
  }
  return read_trace(input, path.string());
}

}  // namespace labtwin::workload
