#include "models/calibration/tool_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "models/base/error.hpp"
#include "models/calibration/fio_json.hpp"
#include "models/calibration/iperf3_json.hpp"
#include "models/calibration/llama_bench.hpp"
#include "models/calibration/llm_timings.hpp"
#include "models/calibration/nccl_text.hpp"
#include "models/calibration/nvbandwidth_json.hpp"
#include "models/calibration/vllm_bench.hpp"

namespace labtwin::calibration {
namespace {

constexpr auto kFormats = std::to_array<ToolFormat>({
    {"fio --output-format=json", &is_fio_json, &read_fio_outputs},
    {"iperf3 --json", &is_iperf3_json, &read_iperf3_outputs},
    {"nvbandwidth -j", &is_nvbandwidth_json, &read_nvbandwidth_outputs},
    {"nccl-tests", &is_nccl_text, &read_nccl_outputs},
    {"llama-bench -o json", &is_llama_bench_json, &read_llama_bench_json},
    {"llama-bench", &is_llama_bench_markdown, &read_llama_bench_markdown},
    {"vllm bench serve --save-result", &is_vllm_bench_json, &read_vllm_bench},
    {"llama-server", &is_llama_server_timings, &read_llama_server_timings},
    {"Ollama", &is_ollama_timings, &read_ollama_timings},
});

std::string known_formats() {
  std::vector<std::string_view> names;
  for (const ToolFormat& format : kFormats) names.push_back(format.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const ToolFormat* find_format(std::string_view text) {
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const ToolFormat& format) { return format.recognises(text); });
  return found == kFormats.end() ? nullptr : &*found;
}

[[noreturn]] void fail(const std::string& file, std::string rule, std::string hint = {}) {
  throw ConfigError({.place = {file, 0, 0}, .key = {}, .value = {}, .rule = std::move(rule), .hint = std::move(hint)});
}

}  // namespace

MeasurementTable read_tool_outputs(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  const ToolFormat* format = nullptr;
  for (const ToolOutput& output : outputs) {
    const ToolFormat* own = find_format(output.text);
    if (own == nullptr) fail(output.file, "is no output of a tool that is read here", "read are " + known_formats());
    if (format != nullptr && own != format) {
      fail(output.file, fmt::format("is an output of {}, the others are of {}", own->name, format->name),
           "one folder for each tool");
    }
    format = own;
  }
  if (format == nullptr) fail(name, "there is no output to read");
  return format->read(name, outputs, manifest);
}

}  // namespace labtwin::calibration
