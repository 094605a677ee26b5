#include "models/calibration/llm_timings.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "models/calibration/llm_output.hpp"
#include "models/calibration/tool_json.hpp"

namespace labtwin::calibration {
namespace {

using nlohmann::json;

// Of shorter ones the time is that of starting a step.
constexpr double kFewestPromptTokens = 16.0;
constexpr double kFewestGenerated = 8.0;

/// What one answer took.
struct Timings {
  std::optional<double> prompt_tokens;
  std::optional<double> prompt_s;
  std::optional<double> generated_tokens;
  std::optional<double> generated_s;
  double cached_tokens = 0.0;
};

/// Adds a rate, unless the answer has none of this part.
void add_rate(MeasurementTable& table, LlmFigure figure, std::string quantity, std::optional<double> tokens,
              std::optional<double> seconds, double fewest) {
  if (!tokens || !seconds || *tokens <= 0.0 || *seconds <= 0.0) return;
  figure.quantity = std::move(quantity);
  figure.value = *tokens / *seconds;
  if (*tokens < fewest) figure.flag = fmt::format("{:.0f} tokens: too few to be steady", *tokens);
  add_figure(table, figure);
}

void add_answer(MeasurementTable& table, const LlmFigure& answer, const Timings& timings) {
  LlmFigure prompt = answer;
  prompt.prompt_tokens = timings.prompt_tokens;
  prompt.context_depth = timings.cached_tokens;
  LlmFigure generation = answer;
  generation.gen_tokens = timings.generated_tokens;
  generation.context_depth = timings.cached_tokens + timings.prompt_tokens.value_or(0.0);
  const std::size_t before = table.num_rows();
  add_rate(table, prompt, "prefill_tok_s", timings.prompt_tokens, timings.prompt_s, kFewestPromptTokens);
  add_rate(table, generation, "decode_tok_s", timings.generated_tokens, timings.generated_s, kFewestGenerated);
  if (table.num_rows() == before) {
    fail_output(answer.source, "holds no tokens with a time: nothing was measured", "ask for an answer of some 100 tokens");
  }
}

LlmFigure answer_of(const json& object, const ToolOutput& output, const Manifest& manifest, std::string engine) {
  LlmFigure figure{.engine = std::move(engine), .source = output.file};
  take_device(manifest, output.file, figure);
  figure.model = json_text(object, "model");
  figure.quant = quant_in_name(figure.model);
  return figure;
}

std::optional<double> scaled(std::optional<double> value, double factor) {
  return value ? std::optional(*value * factor) : std::nullopt;
}

Timings ollama_timings(const json& object) {
  constexpr double kNanosecond = 1e-9;
  return {.prompt_tokens = json_number(object, "prompt_eval_count"),
          .prompt_s = scaled(json_number(object, "prompt_eval_duration"), kNanosecond),
          .generated_tokens = json_number(object, "eval_count"),
          .generated_s = scaled(json_number(object, "eval_duration"), kNanosecond)};
}

Timings server_timings(const json& timings) {
  constexpr double kMillisecond = 1e-3;
  return {.prompt_tokens = json_number(timings, "prompt_n"),
          .prompt_s = scaled(json_number(timings, "prompt_ms"), kMillisecond),
          .generated_tokens = json_number(timings, "predicted_n"),
          .generated_s = scaled(json_number(timings, "predicted_ms"), kMillisecond),
          .cached_tokens = json_number(timings, "cache_n").value_or(0.0)};
}

}  // namespace

bool is_ollama_timings(std::string_view text) noexcept {
  return text.find("\"eval_duration\"") != std::string_view::npos ||
         (text.find("\"created_at\"") != std::string_view::npos && text.find("\"done\"") != std::string_view::npos);
}

bool is_llama_server_timings(std::string_view text) noexcept {
  return text.find("\"timings\"") != std::string_view::npos && text.find("\"predicted_ms\"") != std::string_view::npos;
}

MeasurementTable read_ollama_timings(const std::string& name, std::span<const ToolOutput> outputs, const Manifest& manifest) {
  MeasurementTable table = llm_output_table(name);
  for (const ToolOutput& output : outputs) {
    std::size_t num_answers = 0;
    for (const json& object : json_objects(output)) {
      if (!object.contains("eval_duration")) continue;  // a piece of a stream
      LlmFigure figure = answer_of(object, output, manifest, "ollama");
      figure.date = json_text(object, "created_at").substr(0, 10);
      add_answer(table, figure, ollama_timings(object));
      ++num_answers;
    }
    if (num_answers == 0) {
      fail_output(output.file, "holds no `eval_duration`: the answer was cut off before its last piece",
                  "keep the stream whole, or ask with \"stream\": false");
    }
  }
  return table;
}

MeasurementTable read_llama_server_timings(const std::string& name, std::span<const ToolOutput> outputs,
                                           const Manifest& manifest) {
  MeasurementTable table = llm_output_table(name);
  for (const ToolOutput& output : outputs) {
    for (const json& object : json_objects(output)) {
      const auto timings = object.find("timings");
      if (timings == object.end() || !timings->is_object()) continue;  // a piece of a stream
      add_answer(table, answer_of(object, output, manifest, "llama.cpp"), server_timings(*timings));
    }
  }
  return table;
}

}  // namespace labtwin::calibration
