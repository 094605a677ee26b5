#pragma once

// Rows of kind `llm_throughput` as readers of tools' outputs make them.

#include <optional>
#include <string>
#include <string_view>

#include "models/calibration/manifest.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// One measured figure of a language model and what it was measured with; what a tool does not tell stays empty.
struct LlmFigure {
  std::string quantity{};  ///< `decode_tok_s`, `prefill_tok_s`, `ttft_ms`, `itl_ms`, `throughput_out_tok_s`
  double value = 0.0;
  std::string date{};
  std::string gpu{};
  double num_gpus = 1.0;
  std::string backend{};
  std::string engine{};
  std::string engine_version{};
  std::string model{};
  std::optional<double> params_b{};
  std::string quant{};
  std::optional<double> weights_gib{};
  std::optional<double> prompt_tokens{};
  std::optional<double> gen_tokens{};
  std::optional<double> context_depth{};
  double concurrency = 1.0;
  std::optional<double> ubatch{};
  std::string flash_attn{};
  std::string ngl{};
  std::string split_mode{};
  std::string source{};  ///< the file
  std::string flag{};    ///< why it is no measurement of this; such rows are not predicted
};

[[nodiscard]] MeasurementTable llm_output_table(std::string name);
void add_figure(MeasurementTable& table, const LlmFigure& figure);

/// The card, or the cards, of a run whose tool does not tell it: `device` of the manifest. Throws ConfigError without one.
void take_device(const Manifest& manifest, const std::string& file, LlmFigure& figure);

/// The quantisation in the name of a model or of its file: `Q4_K_M` of `Llama-3.1-8B-Instruct-Q4_K_M.gguf`, `q8_0` of
/// `llama3.1:8b-instruct-q8_0`, `Q4_K - Medium` of `llama 8B Q4_K - Medium`. Empty if it names none.
[[nodiscard]] std::string quant_in_name(std::string_view name);

}  // namespace labtwin::calibration
