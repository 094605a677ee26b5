#pragma once

// A row of kind `llm_throughput` as the law sees it: the run, and what names the factors that it shares with other rows.

#include <optional>
#include <string>
#include <string_view>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/measurement_table.hpp"
#include "models/serving/throughput_law.hpp"

namespace labtwin::calibration {

struct LlmRun {
  serving::ThroughputRun run;
  std::string quantity;               ///< `decode_tok_s`, `prefill_tok_s`, `ttft_ms`, `itl_ms`, `throughput_out_tok_s`
  std::string engine;                 ///< family: `llama.cpp`, `vllm`, ...
  std::string engine_name;            ///< as the row has it
  std::string backend;                ///< `cuda`, `rocm`, ...; told by the card where the row does not say
  std::string architecture;           ///< of the card; `cpu`
  std::string card;                   ///< of the catalog, else as the row has it
  std::string model;                  ///< of the catalog, else as the row has it
  std::string quant;                  ///< storage type or mix
  std::string speculation;            ///< what guesses tokens ahead; empty: nothing
  double guessed = 0.0;               ///< tokens ahead in each step; 0: not told
  double tokens_per_step = 1.0;       ///< that guesses which are right make of one; 1 where that is not told
  std::string split;                  ///< how several cards share the model; empty: one card
  std::string build;                  ///< of a toolbox with a name of its own; may be empty
  std::string flash_attention;        ///< `0`, `1` or empty
  bool whole_request = false;         ///< the rate is over a request with its prompt
  bool unlisted = false;              ///< the shape is a typical one of the size, for no entry has the model
  bool suspicious = false;            ///< the source's figure cannot be what it says
  double years = 0.0;                 ///< since the middle of 2025
  double power_limit_w = 0.0;         ///< 0: none told
  double offered_tokens_per_s = 0.0;  ///< that clients ask for, where they do not wait; 0: not told

  [[nodiscard]] std::string stack() const { return engine + "|" + backend; }
  /// Seconds per token or per prompt that a value of the row's quantity stands for; also the way back.
  [[nodiscard]] double seconds_of(double value) const;
  /// What a card and a model say of the run; the weights are the quantisation's unless they are told.
  void set_card(const serving::AcceleratorSpec& spec);
  void set_model(const serving::ModelShape& shape, const std::optional<serving::Quantisation>& storage,
                 std::optional<Bytes> weights_told = {});
  /// Of the weights, that stay in the memory of the host.
  [[nodiscard]] double host_share() const { return run.weights.in_host() / run.weights.in_all(); }
  [[nodiscard]] bool is_prompt() const { return quantity == "prefill_tok_s" || quantity == "ttft_ms"; }
  /// Whether the time of the prompts is part of what is measured of tokens.
  [[nodiscard]] bool holds_prompts() const { return quantity == "throughput_out_tok_s" || whole_request; }
};

/// How engines reach the cards of a vendor: `cuda`, `rocm`, `metal`, `sycl`.
[[nodiscard]] std::string usual_backend(std::string_view vendor);

[[nodiscard]] LlmRun read_llm_run(const MeasurementTable& table, std::size_t row, const LlmParts& parts);

}  // namespace labtwin::calibration
