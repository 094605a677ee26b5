#include "models/calibration/llm_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/tool_json.hpp"

namespace labtwin::calibration {
namespace {

std::string cell(std::optional<double> value) {
  return value ? fmt::format("{:.10g}", *value) : std::string();
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// Whether a word is the beginning of a quantisation: `Q4_K`, `iq3_xs`, `BF16`, `MXFP4`.
bool begins_quant(std::string_view word) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view prefix : {"q", "iq", "tq"}) {
    if (lower.starts_with(prefix) && lower.size() > prefix.size() && is_digit(lower[prefix.size()])) return true;
  }
  static constexpr std::array<std::string_view, 12> kNames = {"ud",    "f16",   "fp16", "bf16", "f32",  "fp8",
                                                              "mxfp4", "nvfp4", "awq",  "gptq", "int4", "w4a16"};
  return std::find(kNames.begin(), kNames.end(), lower) != kNames.end();
}

}  // namespace

MeasurementTable llm_output_table(std::string name) {
  return {std::move(name),
          {"date",   "gpu",         "num_gpus", "backend",    "engine",        "engine_version", "model",         "params_b",
           "quant",  "weights_gib", "quantity", "value",      "prompt_tokens", "gen_tokens",     "context_depth", "concurrency",
           "ubatch", "flash_attn",  "ngl",      "split_mode", "source",        "flag",           "split"}};
}

void add_figure(MeasurementTable& table, const LlmFigure& figure) {
  table.add_row({figure.date,
                 figure.gpu,
                 cell(figure.num_gpus),
                 figure.backend,
                 figure.engine,
                 figure.engine_version,
                 figure.model,
                 cell(figure.params_b),
                 figure.quant,
                 cell(figure.weights_gib),
                 figure.quantity,
                 cell(figure.value),
                 cell(figure.prompt_tokens),
                 cell(figure.gen_tokens),
                 cell(figure.context_depth),
                 cell(figure.concurrency),
                 cell(figure.ubatch),
                 figure.flash_attn,
                 figure.ngl,
                 figure.split_mode,
                 figure.source,
                 figure.flag,
                 figure.flag.empty() ? "held_out" : "flagged"});
}

void take_device(const Manifest& manifest, const std::string& file, LlmFigure& figure) {
  if (manifest.device.empty()) {
    fail_output(file, "does not tell which card it ran on",
                "put it into a folder with a manifest.toml that says `device = \"RTX 3090\"`, or `\"2x RTX 3090\"`");
  }
  const std::vector<std::string> cards = card_names(manifest.device);
  figure.num_gpus = static_cast<double>(std::max<std::size_t>(1, cards.size()));
  figure.gpu = cards.empty() ? manifest.device : cards.front();
}

std::string quant_in_name(std::string_view name) {
  if (name.ends_with(".gguf")) name.remove_suffix(5);
  name = name.substr(0, name.find("-00001-of-"));  // the first of several files
  std::size_t begin = 0;
  while (begin < name.size()) {
    const std::size_t end = std::min(name.find_first_of(" -:./", begin), name.size());
    if (begin > 0 && begins_quant(name.substr(begin, end - begin))) return std::string(name.substr(begin));
    begin = end + 1;
  }
  return {};
}

}  // namespace labtwin::calibration
