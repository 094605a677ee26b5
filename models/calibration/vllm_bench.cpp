#include "models/calibration/vllm_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "models/calibration/llm_output.hpp"
#include "models/calibration/tool_json.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

double required(const json& run, const std::string& file, std::string_view key) {
  const auto value = json_number(run, key);
  if (value && *value > 0.0) return *value;
  fail_output(file, fmt::format("holds no `{}` above 0: it is no whole result of vllm bench serve", key),
              "vllm bench serve --save-result, and --save-detailed for times of single requests");
}

/// Detailed results list every request in several arrays; empty where they are not kept.
std::vector<json> list_of(const json& run, const std::string& key) {
  return run.contains(key) && run.at(key).is_array() ? run.at(key).get<std::vector<json>>() : std::vector<json>();
}

void check_lists(const json& run, const std::string& file) {
  std::size_t length = 0;
  std::string first;
  for (const char* key : {"input_lens", "output_lens", "ttfts", "itls", "errors"}) {
    const std::size_t own = list_of(run, key).size();
    if (own == 0) continue;
    if (first.empty()) {
      first = key;
      length = own;
    }
    if (own != length) {
      fail_output(file, fmt::format("`{}` has {} requests, `{}` has {}", first, length, key, own),
                  "the file was edited, or is of two runs");
    }
  }
}

double number_or_zero(const json& value) {
  return value.is_number() ? value.get<double>() : 0.0;
}

/// Seconds that all requests spent in the server; from the means where the single ones are not kept.
double request_seconds(const json& run, double completed, double mean_output) {
  const std::vector<json> ttfts = list_of(run, "ttfts");
  double sum = 0.0;
  for (const json& ttft : ttfts) sum += number_or_zero(ttft);
  for (const json& gaps : list_of(run, "itls")) {
    if (!gaps.is_array()) continue;
    for (const json& gap : gaps.get<std::vector<json>>()) sum += number_or_zero(gap);
  }
  if (!ttfts.empty()) return sum;
  constexpr double kMillisecond = 1e-3;
  const double first = json_number(run, "mean_ttft_ms").value_or(0.0);
  const double others = json_number(run, "mean_tpot_ms").value_or(0.0) * std::max(0.0, mean_output - 1.0);
  return completed * (first + others) * kMillisecond;
}

/// `20260711-101500` and `2026-07-11T...` as a day.
std::string day_of(const std::string& date) {
  if (date.size() >= 8 && date.find('-') == 8) return date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 2);
  return date.substr(0, 10);
}

void add_run(MeasurementTable& table, const json& run, const ToolOutput& output, const Manifest& manifest) {
  const double completed = required(run, output.file, "completed");
  const double duration = required(run, output.file, "duration");
  check_lists(run, output.file);
  LlmFigure figure{.engine = "vllm", .source = output.file};
  take_device(manifest, output.file, figure);
  if (figure.num_gpus > 1.0) figure.split_mode = fmt::format("tp{:.0f}", figure.num_gpus);
  figure.backend = "vllm";
  figure.date = day_of(json_text(run, "date"));
  figure.model = json_text(run, "model_id");
  figure.quant = quant_in_name(figure.model);
  if (figure.quant.empty()) figure.quant = "bf16";  // what checkpoints are stored in unless their name says more
  figure.prompt_tokens = required(run, output.file, "total_input_tokens") / completed;
  figure.gen_tokens = required(run, output.file, "total_output_tokens") / completed;
  const double at_once = request_seconds(run, completed, *figure.gen_tokens) / duration;
  figure.concurrency = std::max(1.0, at_once);
  const double asked = json_number(run, "num_prompts").value_or(completed);
  if (completed < asked) figure.flag = fmt::format("{:.0f} of {:.0f} requests failed", asked - completed, asked);
  const auto add = [&](const char* quantity, double value) {
    figure.quantity = quantity;
    figure.value = value;
    add_figure(table, figure);
  };
  add("throughput_out_tok_s", required(run, output.file, "output_throughput"));
  if (const auto value = json_number(run, "median_ttft_ms"); value && *value > 0.0) add("ttft_ms", *value);
  if (const auto value = json_number(run, "median_itl_ms"); value && *value > 0.0) add("itl_ms", *value);
}

}  // namespace

bool is_vllm_bench_json(std::string_view text) noexcept {
  return text.find("\"num_prompts\"") != std::string_view::npos && text.find("\"request_rate\"") != std::string_view::npos;
}

MeasurementTable read_vllm_bench(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable table = llm_output_table(name);
  for (const ToolOutput& output : outputs) {
    for (const json& run : json_objects(output)) add_run(table, run, output, manifest);
  }
  return table;
}

}  // namespace labtwin::calibration
