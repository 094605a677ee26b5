#include "models/calibration/offload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "models/calibration/offload_row.hpp"
#include "models/calibration/pooled_law.hpp"
#include "models/serving/usual_memory.hpp"

namespace labtwin::calibration {
namespace {

constexpr auto kLevels = std::to_array<PooledLevel>({
    {"all.phase", 0.0, 0.2},         {"all.engine", 0.0, 0.2},        {"all.machine", 0.0, 0.12},
    {"all.model", 0.0, 0.15},        {"all.setting", 0.0, 0.12},      {"all.batch", -0.6, 0.2},
    {"launch.engine", 0.6, 0.6},     {"card.engine", 0.4, 0.3},       {"card.card", 0.0, 0.15},
    {"host.engine", 0.1, 0.3},       {"host.width", 0.3, 0.2},        {"host.cpu", 0.0, 0.2},
    {"host.quant", 0.0, 0.15},       {"host.model", 0.0, 0.15},       {"host.experts", 0.2, 0.3},
    {"context.model", 0.7, 0.7},     {"context.machine", 0.0, 0.4},   {"streaming.engine", 0.0, 0.5},
    {"streaming.card", 0.0, 0.25},   {"cores.engine", 0.0, 0.7},      {"cores.cpu", 0.0, 0.4},
    {"cores.quant", 0.0, 0.3},       {"arithmetic.engine", 0.8, 0.6}, {"attention.model", 1.0, 0.8},
    {"attention.machine", 0.0, 0.4}, {"drive.all", 0.0, 0.7},         {"layers.engine", 0.0, 0.15},
    {"layers.card", 0.0, 0.1},
});
constexpr PooledLawDesign kDesign = {"offload", kLevels, 0.05};

constexpr double kDriveRate = 6e9;  // of an NVMe drive under page faults, B/s
constexpr double kNothing = 1e-12;  // s
constexpr double kMissing = 0.5;    // of the weights, that memory does not hold

std::string group_name(const OffloadRow& row) {
  return row.is_dense() ? "dense" : "experts";
}

std::vector<LevelUse> common(const OffloadRow& row) {
  const std::string phase = row.is_prompt ? "prompt" : "token";
  return {{"all.phase", phase},
          {"all.engine", phase + "|" + row.engine},
          {"all.machine", phase + "|" + row.machine},
          {"all.model", phase + "|" + row.model},
          {"all.setting", phase + "|" + row.setting},
          {"all.batch", phase, std::log(row.batch)}};
}

LawTerm term(const OffloadRow& row, double base, std::vector<LevelUse> own) {
  std::vector<LevelUse> uses = common(row);
  uses.insert(uses.end(), own.begin(), own.end());
  return {base, std::move(uses)};
}

LawTerm host_term(const OffloadRow& row, double base) {
  // Wide memory is not reached by one sequence: the share falls with the bandwidth.
  const double width = std::log(row.run.host_bandwidth / serving::kDdr5Desktop);
  return term(row, base,
              {{"host.engine", row.engine},
               {"host.width", "", width},
               {"host.cpu", row.cpu},
               {"host.quant", row.quant},
               {"host.model", row.model},
               {"host.experts", "", row.run.expert_share < 1.0 ? 1.0 : 0.0}});
}

/// Seconds of a token, or a prompt, on the card, had it the whole model.
double seconds_of_whole(const OffloadRow& row, LlmEffects& effects) {
  // A name that nothing was fitted for adds an effect: the row first, then a view of the effects.
  const PooledRow designed = effects.design(row.whole);
  return std::exp(predict_pooled(designed, effects.values()).log_value);
}

/// The same by what a datasheet allows, for cards that nobody names.
double least_seconds_of_whole(const OffloadRow& row) {
  if (row.is_prompt) {
    const auto seconds = interconnect::prompt_seconds(row.run, row.prompt_tokens, row.depth, row.ubatch);
    return seconds.launch + seconds.arithmetic + seconds.attention;
  }
  const double read = (row.run.active_on_card + row.run.active_in_host) / row.run.card_bandwidth / Seconds::from_base(1.0);
  return interconnect::token_seconds(row.run).launch + read;
}

/// What the card does of a dense model: its layers go as fast as where it has all of them.
LawTerm layers_term(const OffloadRow& row, LlmEffects& effects) {
  double seconds = 0.0;
  if (row.share_on_card > 0.0) {
    seconds = row.share_on_card * (row.whole.card.empty() ? least_seconds_of_whole(row) : seconds_of_whole(row, effects));
  }
  return term(row, seconds + kNothing, {{"layers.engine", row.engine}, {"layers.card", row.card}});
}

/// Layers of the host read their weights from its memory, and their context.
std::vector<LawTerm> dense_token_terms(const OffloadRow& row, LlmEffects& effects) {
  const double in_host = 1.0 - row.share_on_card;
  const double read = (row.run.active_in_host + row.run.cache * in_host) / row.run.host_bandwidth / Seconds::from_base(1.0);
  return {layers_term(row, effects), host_term(row, read + kNothing)};
}

std::vector<LawTerm> token_terms(const OffloadRow& row, LlmEffects& effects) {
  if (row.is_dense() && !row.streams_steps) return dense_token_terms(row, effects);
  const auto seconds = interconnect::token_seconds(row.run);
  std::vector<LawTerm> terms;
  terms.push_back(term(row, seconds.launch, {{"launch.engine", row.engine}}));
  terms.push_back(term(row, seconds.card, {{"card.engine", row.engine}, {"card.card", row.card}}));
  terms.push_back(term(row, seconds.context, {{"context.model", row.model}, {"context.machine", row.machine}}));
  if (row.streams_steps) {
    const double streamed = row.run.in_host / row.run.link_bandwidth / Seconds::from_base(1.0);
    terms.push_back(term(row, streamed, {{"streaming.engine", row.engine}, {"streaming.card", row.card}}));
  } else {
    terms.push_back(host_term(row, seconds.host));
  }
  if (row.from_drive) {
    terms.push_back(term(row, kMissing * row.run.active_in_host.value() / kDriveRate, {{"drive.all", ""}}));
  }
  return terms;
}

std::vector<LawTerm> prompt_terms(const OffloadRow& row, LlmEffects& effects) {
  const auto seconds = interconnect::prompt_seconds(row.run, row.prompt_tokens, row.depth, row.ubatch);
  std::vector<LawTerm> terms;
  if (row.is_dense()) {
    terms.push_back(layers_term(row, effects));
  } else {
    terms.push_back(term(row, seconds.launch, {{"launch.engine", row.engine}}));
    terms.push_back(term(row, seconds.arithmetic, {{"arithmetic.engine", row.engine}}));
    terms.push_back(term(row, seconds.attention, {{"attention.model", row.model}, {"attention.machine", row.machine}}));
  }
  if (row.on_cores || !row.has_card) {
    terms.push_back(
        term(row, seconds.cores, {{"cores.engine", row.engine}, {"cores.cpu", row.cpu}, {"cores.quant", row.quant}}));
    terms.push_back(host_term(row, row.run.in_host / row.run.host_bandwidth / Seconds::from_base(1.0) + 1e-12));
  } else {
    terms.push_back(term(row, seconds.streaming, {{"streaming.engine", row.engine}, {"streaming.card", row.card}}));
  }
  return terms;
}

LawRow law_row(const OffloadRow& row, LlmEffects& effects) {
  LawRow law{.terms = row.is_prompt ? prompt_terms(row, effects) : token_terms(row, effects), .unit = row.machine, .group = {}};
  // Prompts of dense models are too few to tell how far they spread.
  law.group = row.is_prompt ? "prefill_tok_s" : "decode_tok_s|" + group_name(row);
  return law;
}

/// Rates are the inverse of times.
double converted(const OffloadRow& row, double value) {
  return (row.is_prompt ? row.prompt_tokens : row.batch) / value;
}

}  // namespace

OffloadTimes::OffloadTimes(OffloadRow row) : law_(PooledLaw::shipped(kDesign)) {
  if (!row.is_dense()) return;
  row.set_prompt(false, 0.0);
  std::array<LlmRun, 2> runs{row.whole, row.whole};
  row.set_prompt(true, row.prompt_tokens);
  runs.back() = row.whole;
  effects_ = LlmEffects::shipped_for(runs);
}

Estimate OffloadTimes::seconds(const OffloadRow& row) {
  return law_.predict(law_row(row, effects_));
}

double OffloadTimes::value(const LawRow& row, std::size_t term) {
  LawRow one = row;
  one.terms = {row.terms.at(term)};
  return law_.predict(one).value;
}

interconnect::OffloadedToken OffloadTimes::token(const OffloadRow& row) {
  const LawRow law = law_row(row, effects_);
  if (row.is_dense()) return {.launch = 0.0, .card = value(law, 0), .host = value(law, 1), .context = 0.0};
  return {.launch = value(law, 0), .card = value(law, 1), .host = value(law, 3), .context = value(law, 2)};
}

interconnect::OffloadedPrompt OffloadTimes::prompt(const OffloadRow& row) {
  const LawRow law = law_row(row, effects_);
  interconnect::OffloadedPrompt prompt;
  std::size_t next = 0;
  if (row.is_dense()) {
    // Of what the card does the part that grows with the context is told by arithmetic.
    const double on_card = value(law, next++);
    const auto least = interconnect::prompt_seconds(row.run, row.prompt_tokens, row.depth, row.ubatch);
    prompt.attention = std::min(on_card, row.share_on_card * least.attention);
    prompt.arithmetic = on_card - prompt.attention;
  } else {
    prompt.launch = value(law, next++);
    prompt.arithmetic = value(law, next++);
    prompt.attention = value(law, next++);
  }
  (row.on_cores ? prompt.cores : prompt.streaming) = value(law, next++);
  if (row.on_cores) prompt.host = value(law, next);
  return prompt;
}

Evaluation evaluate_offload(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  const LlmParts parts;
  PooledLaw law = PooledLaw::shipped(kDesign);
  LlmEffects effects = LlmEffects::shipped();
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    const OffloadRow row = read_offload_row(table, i, parts);
    const LawRow law_of_row = law_row(row, effects);
    const Estimate seconds = law.predict(law_of_row);
    evaluation.predictions.push_back(
        {.row = i + 1,
         .quantity = std::string(table.text(i, "quantity")),
         .group = group_name(row),
         .measured = table.number(i, "value"),
         .estimate = Estimate{converted(row, seconds.value), converted(row, seconds.high), converted(row, seconds.low)},
         .grade = Grade::Fitted,
         .note = {}});
    if (progress && i % 128 == 0) progress(static_cast<double>(i) / static_cast<double>(table.num_rows()));
  }
  return evaluation;
}

std::string fit_offload(const MeasurementTable& table) {
  const LlmParts parts;
  LlmEffects effects = LlmEffects::shipped();
  std::vector<LawRow> rows;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    const auto value = table.split(i) == Split::Fit ? table.number(i, "value") : std::nullopt;
    if (!value || *value <= 0.0) continue;
    const OffloadRow row = read_offload_row(table, i, parts);
    LawRow law = law_row(row, effects);
    law.log_measured = std::log(converted(row, *value));
    rows.push_back(std::move(law));
  }
  PooledLaw law(kDesign);
  law.fit(std::move(rows));
  return law.to_toml();
}

}  // namespace labtwin::calibration
