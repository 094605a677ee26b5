#include "models/calibration/tp_scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "models/calibration/pooled_law.hpp"
#include "models/calibration/row_words.hpp"
#include "models/calibration/tensor_exchange.hpp"
#include "models/calibration/tp_direction.hpp"
#include "models/calibration/tp_row.hpp"

namespace labtwin::calibration {
namespace {

constexpr auto kLevels = std::to_array<PooledLevel>({
    {"step.quantity", 0.0, 0.3},
    {"step.batch", 0.0, 0.15},
    {"step.split", 0.0, 0.3},
    {"step.split_batch", 0.0, 0.1},
    {"step.speculation", 0.0, 0.3},
    {"step.depth", 0.0, 0.1},
    {"step.depth_batch", 0.0, 0.05},
    {"step.scenario", 0.0, 0.25},
    {"step.owner", 0.0, 0.2},
    {"step.model", 0.0, 0.2},
    {"step.model_quant", 0.0, 0.2},
    {"step.model_batch", 0.0, 0.1},
    {"step.run", 0.0, 0.12},
    {"exchange.engine", 0.0, 0.2},
    {"step.speculation_batch", 0.0, 0.15},
    {"prompt.scenario", 0.0, 1.5},
    {"prompt.model", 0.0, 0.4},
    {"offered.owner", 0.0, 0.3},
});
constexpr PooledLawDesign kDesign = {"tp_scaling", kLevels, 0.05};

constexpr double kGeneratedTokens = 256.0;  // that a request asks for where nothing is told
constexpr double kUsualPrompt = 512.0;
constexpr double kBytesPerActivation = 2.0;
constexpr double kMilli = 1e3;
constexpr double kLeastDoubt = 10.0;  // per cent that a gain may be off: exchanges overlap with arithmetic

/// The laws that a step is made of.
struct Laws {
  LlmTimes times;
  AllReduces all_reduces;
};

bool is_prompt(std::string_view quantity) {
  return quantity.starts_with("prefill") || quantity.starts_with("ttft");
}

double prompt_of(const TpRow& row) {
  return row.cells.prompt_tokens > 0.0 ? row.cells.prompt_tokens : kUsualPrompt;
}

/// The phase of the throughput law that the figure is of.
LlmTime step_of(const TpRow& row, Laws& laws) {
  LlmRunCells cells = row.cells;
  if (is_prompt(row.quantity)) {
    cells.quantity = "prefill_tok_s";
    cells.prompt_tokens = prompt_of(row);
    cells.batch = 1.0;
  } else {
    cells.quantity = cells.batch > 1.0 ? "throughput_out_tok_s" : "decode_tok_s";
    cells.prompt_tokens = std::min(cells.prompt_tokens, kUsualPrompt);
    cells.depth = std::max(cells.depth, row.cells.prompt_tokens);
  }
  return laws.times.time(cells);
}

double prompt_seconds(const TpRow& row, Laws& laws) {
  LlmRunCells cells = row.cells;
  cells.quantity = "prefill_tok_s";
  cells.batch = 1.0;
  return laws.times.time(cells).seconds;
}

LawTerm step_term(const TpRow& row, const LlmTime& step) {
  const LlmRun& run = step.run;
  const std::string phase = is_prompt(row.quantity) ? "prompt" : "token";
  const std::string split = row.tensor_parallel > 1.0 ? fmt::format("tensor{:g}", row.tensor_parallel)
                            : row.pipeline > 1.0      ? fmt::format("layer{:g}", row.pipeline)
                                                      : "";
  const double shared = split.empty() ? 0.0 : 1.0;
  const double log_batch = std::log(row.cells.batch);
  const std::string model = run.model + "|" + phase;
  return {step.seconds,
          {{"step.quantity", row.quantity + "|" + run.engine},
           {"step.batch", phase + "|" + run.engine, log_batch},
           {"step.split", phase + "|" + split + "|" + run.engine, shared},
           {"step.split_batch", phase + "|" + split + "|" + run.engine, shared * log_batch},
           {"step.speculation", row.cells.speculation + "|" + run.engine, row.cells.speculation.empty() ? 0.0 : 1.0},
           {"step.speculation_batch", run.engine, row.cells.speculation.empty() ? 0.0 : log_batch},
           {"step.depth", phase + "|" + run.engine, std::log1p((row.cells.depth + prompt_of(row)) / 8192.0)},
           {"step.depth_batch", phase + "|" + run.engine, std::log1p((row.cells.depth + prompt_of(row)) / 8192.0) * log_batch},
           {"step.scenario", phase + "|" + row.scenario},
           {"step.owner", phase + "|" + row.rig},
           {"step.model", model},
           {"step.model_quant", model + "|" + run.quant},
           {"step.model_batch", model, log_batch},
           {"step.run", fmt::format("{}|{}|{}|{}|{}", model, row.cells.quant, split, row.run_path, row.cells.speculation)}}};
}

LawTerm exchange_term(const TpRow& row, const LlmTime& step, Laws& laws) {
  const std::string phase = is_prompt(row.quantity) ? "prompt" : "token";
  const double tokens = is_prompt(row.quantity) ? prompt_of(row) : row.cells.batch;
  const double message = tokens * step.run.run.hidden_size * kBytesPerActivation;
  const MessageTime terms = laws.all_reduces.terms({.num_cards = static_cast<int>(row.tensor_parallel),
                                                    .link = row.link,
                                                    .path = row.path,
                                                    .staging = interconnect::staging_of(step.run.architecture)});
  return {2.0 * step.run.run.layers * terms.seconds(message), {{"exchange.engine", step.run.engine + "|" + phase}}};
}

/// Whether the time of the prompt counts is the habit of a bench, which may measure drafts by another program.
std::string prompt_scenario(const TpRow& row) {
  return row.cells.speculation.empty() ? row.scenario + "|plain" : row.scenario;
}

LawRow law_row(const TpRow& row, Laws& laws) {
  const LlmTime step = step_of(row, laws);
  LawRow law{.terms = {step_term(row, step)}, .unit = row.rig + "|" + step.run.model, .group = row.quantity};
  if (row.tensor_parallel > 1.0) law.terms.push_back(exchange_term(row, step, laws));
  if (!is_prompt(row.quantity) && row.cells.prompt_tokens > 0.0) {
    law.terms.push_back({row.cells.batch * prompt_seconds(row, laws) / kGeneratedTokens,
                         {{"prompt.scenario", prompt_scenario(row)}, {"prompt.model", step.run.model}}});
  }
  if (row.offered_per_s > 0.0 && row.quantity.ends_with("tok_s") && !is_prompt(row.quantity)) {
    // A server that keeps up answers what arrives.
    law.terms.push_back({row.cells.batch / (row.offered_per_s * kGeneratedTokens), {{"offered.owner", row.rig}}});
  }
  return law;
}

/// Seconds that a value stands for, and the way back.
double converted(const TpRow& row, double value) {
  if (row.quantity.ends_with("_ms_median")) return value / kMilli;
  if (is_prompt(row.quantity)) return prompt_of(row) / value;
  return row.replicas * row.cells.batch / value;
}

bool is_known(std::string_view quantity) {
  return quantity.ends_with("tok_s") || quantity.ends_with("_ms_median");
}

bool is_gain(std::string_view quantity) {
  return holds(quantity, "_gain_pct");
}

/// What a link or a split gains over another one, in per cent.
Estimate gain(const MeasurementTable& table, std::size_t index, Laws& laws, PooledLaw& law) {
  TpRow after = read_tp_row(table, index);
  after.quantity = after.quantity.starts_with("decode") ? "decode_tok_s" : "prefill_tok_s";
  if (const auto thousands = number_after(table.text(index, "quantity"), "pct_")) after.cells.prompt_tokens = 1e3 * *thousands;
  TpRow before = after;
  const std::string link = lower_case(table.text(index, "link"));
  before.path = "pcie staged";
  if (link.starts_with("tp")) {
    before.tensor_parallel = before.cells.num_cards = number_after(link.substr(link.find("over")), "tp").value_or(2);
    before.path = after.path = "pcie direct";
  } else if (holds(link, "nvlink")) {
    before.link = {interconnect::LinkFamily::Pcie, 4, 16};
  }
  const Estimate fast = law.predict(law_row(after, laws));
  const Estimate slow = law.predict(law_row(before, laws));
  const double percent = 100.0 * (slow.value / fast.value - 1.0);
  // Both share their model and engine: only what the exchange adds is uncertain.
  const double doubt = std::max(kLeastDoubt, 3.0 * std::abs(percent));
  return {percent, percent - doubt, percent + doubt};
}

std::vector<LawRow> rows_to_fit(const MeasurementTable& table, Laws& laws, bool one_card_only) {
  std::vector<LawRow> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto value = table.split(i) == Split::Fit ? table.number(i, "value") : std::nullopt;
    if (!value || *value <= 0.0 || !is_known(table.text(i, "quantity")) || table.text(i, "model").empty()) continue;
    const TpRow row = read_tp_row(table, i);
    if (one_card_only && row.cells.num_cards > 1.0) continue;
    LawRow law = law_row(row, laws);
    law.log_measured = std::log(converted(row, *value));
    rows.push_back(std::move(law));
  }
  return rows;
}

Estimate figure(const TpRow& row, const Estimate& seconds) {
  const bool is_time = row.quantity.ends_with("_ms_median");
  if (is_time) return {kMilli * seconds.value, kMilli * seconds.low, kMilli * seconds.high};
  return {converted(row, seconds.value), converted(row, seconds.high), converted(row, seconds.low)};
}

}  // namespace

Evaluation evaluate_tp_scaling(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  Laws laws;
  PooledLaw law = PooledLaw::shipped(kDesign);
  law.calibrate(rows_to_fit(table, laws, true));
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    const std::string_view quantity = table.text(i, "quantity");
    if (!is_known(quantity) && !is_gain(quantity)) {
      evaluation.predictions.push_back(unpredicted(table, i, quantity, "no law for this quantity"));
      continue;
    }
    if (table.text(i, "model").empty() && !is_gain(quantity)) {
      evaluation.predictions.push_back(unpredicted(table, i, quantity, "the row names no model"));
      continue;
    }
    const TpRow row = read_tp_row(table, i);
    const Estimate estimate = is_gain(quantity) ? gain(table, i, laws, law) : figure(row, law.predict(law_row(row, laws)));
    evaluation.predictions.push_back({.row = i + 1,
                                      .quantity = std::string(quantity),
                                      .group = row.cells.num_cards > 1.0 ? row.path : "one card",
                                      .measured = table.number(i, "value"),
                                      .estimate = estimate,
                                      .grade = Grade::Fitted,
                                      .note = {}});
    if (progress && i % 128 == 0) progress(static_cast<double>(i) / static_cast<double>(table.num_rows()));
  }
  evaluation.derived = directions_of(table, [&](std::size_t i) -> std::optional<Estimate> {
    const TpRow row = read_tp_row(table, i);
    return figure(row, law.predict(law_row(row, laws)));
  });
  return evaluation;
}

std::string fit_tp_scaling(const MeasurementTable& table) {
  Laws laws;
  PooledLaw law(kDesign);
  law.fit(rows_to_fit(table, laws, false));
  return law.to_toml();
}

}  // namespace labtwin::calibration
