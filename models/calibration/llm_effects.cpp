#include "models/calibration/llm_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "models/base/table_reader.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

struct Level {
  std::string_view name;
  double mean;
  double sigma;
};

// Standard deviations of log factors within a level, chosen by leaving cards and pairs of card and model out of the fit rows.
constexpr std::array<Level, 63> kLevels = {{
    {"all.card", 0.0, 0.12},
    {"all.machine", 0.0, 0.4},
    {"all.model", 0.0, 0.12},
    {"all.model_stack", 0.0, 0.08},
    {"all.engine", 0.0, 0.1},
    {"all.quantity", 0.0, 0.3},
    {"all.speculation", 0.0, 0.4},
    {"all.speculation_card", 0.0, 0.2},
    {"all.guessed", 0.05, 0.05},
    {"all.whole_request", 0.0, 0.3},
    {"all.split", 0.0, 0.3},
    {"all.year", 0.0, 0.1},
    {"all.build", 0.0, 0.2},
    {"all.batch", 0.0, 0.3},
    {"all.batch_arch", 0.0, 0.1},
    {"all.power", 0.0, 0.3},
    {"launch.base", 0.0, 0.7},
    {"launch.stack", 0.0, 0.5},
    {"launch.arch", 0.0, 0.4},
    {"launch.experts", 0.0, 0.4},
    {"weights.base", 0.35, 0.3},
    {"weights.arch", 0.0, 0.25},
    {"weights.backend_arch", 0.0, 0.2},
    {"weights.quant", 0.0, 0.15},
    {"weights.quant_backend", 0.0, 0.12},
    {"weights.experts", 0.3, 0.4},
    {"weights.experts_stack", 0.0, 0.25},
    {"weights.experts_arch", 0.0, 0.2},
    {"weights.unlisted", 0.0, 0.6},
    {"context.base", 0.4, 0.5},
    {"context.stack", 0.0, 0.5},
    {"context.arch", 0.0, 0.3},
    {"context.flash", 0.0, 0.6},
    {"context.model", 0.0, 0.3},
    {"arithmetic.base", 0.2, 0.5},
    {"arithmetic.stack", 0.0, 0.4},
    {"arithmetic.arch", 0.0, 0.3},
    {"arithmetic.backend_arch", 0.0, 0.3},
    {"arithmetic.card", 0.0, 0.15},
    {"arithmetic.quant", 0.0, 0.15},
    {"arithmetic.experts", 0.0, 0.4},
    {"arithmetic.experts_arch", 0.0, 0.3},
    {"arithmetic.unlisted", 0.0, 0.6},
    {"vector.base", 0.0, 0.5},
    {"vector.stack", 0.0, 0.3},
    {"vector.arch", 0.0, 0.25},
    {"vector.backend_arch", 0.0, 0.2},
    {"vector.quant", 0.0, 0.2},
    {"vector.experts", 0.0, 0.3},
    {"host.base", 0.4, 0.3},
    {"host.stack", 0.0, 0.2},
    {"host.card", 0.0, 0.3},
    {"host.experts", 0.0, 0.3},
    {"host.quant", 0.0, 0.15},
    {"upload.base", 0.4, 0.5},
    {"upload.stack", 0.0, 0.4},
    {"upload.card", 0.0, 0.4},
    {"upload.experts", 0.0, 0.4},
    {"upload.quant", 0.0, 0.15},
    {"exchange.base", 0.0, 1.0},
    {"exchange.stack", 0.0, 0.7},
    {"other.base", 0.7, 0.7},
    {"other.stack", 0.0, 0.5},
}};

// Of `token:launch.base`; nullptr if there is none.
const Level* find_level(std::string_view name) {
  const std::string_view bare = name.substr(name.find(':') + 1);
  const auto found = std::find_if(kLevels.begin(), kLevels.end(), [&](const Level& level) { return level.name == bare; });
  return found == kLevels.end() ? nullptr : &*found;
}

/// A level that a term of a run has, with its key; a weight of zero drops it.
struct Use {
  std::string level;
  std::string key;
  double weight = 1.0;
};

std::filesystem::path shipped_file() {
  return catalog::find_data_folder().calibration / "priors" / "llm_throughput.toml";
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  std::ifstream input(path);
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

// The name that a line begins with; the file has one effect or width per line.
std::string_view name_in(std::string_view line) {
  if (!line.starts_with('"')) return {};
  return line.substr(1, line.find('"', 1) - 1);
}

double given(const std::string& text) {
  return text.empty() ? 0.0 : 1.0;
}

const std::string kPass = "pass:";

std::string law_of(const LlmRun& run) {
  return run.is_prompt() ? "prompt:" : "token:";
}

// Prompts and tokens are two laws, but the launches of a pass and its reading of the weights are the same in both.
bool is_shared(std::string_view level) {
  return level.starts_with("launch.") || level.starts_with("weights.");
}

/// Of what passes read in the host, the share of routed experts.
double experts_in_host(const LlmRun& r) {
  const Bytes all = r.run.weights.read_in_host(1.0);
  return all > Bytes{} ? 1.0 - r.run.weights.dense_in_host / all : 0.0;
}

std::vector<Use> common_uses(const LlmRun& r) {
  const double log_batch = std::log(r.run.batch);
  return {{"all.card", r.backend + "|" + r.card},
          {"all.machine", r.card, r.backend == "cpu" ? 1.0 : 0.0},
          {"all.model", r.model},
          {"all.model_stack", r.model + "|" + r.stack()},
          {"all.engine", r.engine_name + "|" + r.backend},
          {"all.quantity", r.quantity + "|" + r.stack()},
          {"all.speculation", r.speculation + "|" + r.engine, r.is_prompt() ? 0.0 : given(r.speculation)},
          {"all.speculation_card", r.speculation + "|" + r.card, r.is_prompt() ? 0.0 : given(r.speculation)},
          {"all.guessed", r.speculation, r.is_prompt() ? 0.0 : r.guessed},
          {"all.whole_request", r.stack(), r.whole_request ? 1.0 : 0.0},
          {"all.split", r.split + "|" + r.stack(), given(r.split)},
          {"all.year", r.backend, r.is_prompt() ? r.years : 0.0},
          {"all.build", r.build, given(r.build)},
          {"all.batch", r.quantity + "|" + r.stack(), log_batch},
          {"all.batch_arch", r.quantity + "|" + r.stack() + "|" + r.architecture, log_batch},
          {"all.power", r.backend, r.power_limit_w > 0.0 ? std::log(r.power_limit_w / 300.0) : 0.0}};
}

std::vector<Use> uses_of(const LlmRun& r, std::size_t term) {
  const std::string stack = r.stack();
  const std::string arch = stack + "|" + r.architecture;
  const std::string place = r.backend + "|" + r.architecture;
  const double experts = r.run.weights.has_experts() ? 1.0 : 0.0;
  const double unlisted = r.unlisted ? 1.0 : 0.0;
  switch (term) {
    case serving::Launch:
      return {{"launch.base", ""}, {"launch.stack", stack}, {"launch.arch", arch}, {"launch.experts", "", experts}};
    case serving::Weights:
      return {{"weights.base", ""},
              {"weights.arch", arch},
              {"weights.backend_arch", place},
              {"weights.quant", r.quant},
              {"weights.quant_backend", r.quant + "|" + r.backend},
              {"weights.experts", "", experts},
              {"weights.experts_stack", stack, experts},
              {"weights.experts_arch", arch, experts},
              {"weights.unlisted", r.model, unlisted}};
    case serving::Context:
      return {{"context.base", ""},
              {"context.stack", stack},
              {"context.arch", arch},
              {"context.model", r.model},
              {"context.flash", r.flash_attention + "|" + stack, given(r.flash_attention)}};
    case serving::Arithmetic:
      return {{"arithmetic.base", ""},
              {"arithmetic.stack", stack},
              {"arithmetic.arch", arch},
              {"arithmetic.backend_arch", place},
              {"arithmetic.card", r.backend + "|" + r.card},
              {"arithmetic.quant", r.quant + "|" + r.backend},
              {"arithmetic.experts", "", experts},
              {"arithmetic.experts_arch", arch, r.is_prompt() ? experts : 0.0},
              {"arithmetic.unlisted", r.model, unlisted}};
    case serving::Vector:
      return {{"vector.base", ""},
              {"vector.stack", stack, r.is_prompt() ? 1.0 : 0.0},
              {"vector.arch", arch, r.is_prompt() ? 1.0 : 0.0},
              {"vector.backend_arch", place, r.is_prompt() ? 1.0 : 0.0},
              {"vector.quant", r.quant},
              {"vector.experts", "", r.is_prompt() ? experts : 0.0},
              {r.is_prompt() ? "arithmetic.unlisted" : "weights.unlisted", r.model, unlisted}};
    case serving::Host: {
      // Steps read the memory of the host, prompts copy the weights to the card.
      const std::string level = r.is_prompt() ? "upload." : "host.";
      return {{level + "base", ""},       {level + "stack", stack},
              {level + "card", r.card},   {level + "experts", "", experts_in_host(r)},
              {level + "quant", r.quant}, {"weights.unlisted", r.model, unlisted}};
    }
    case serving::Exchange:
      return {{"exchange.base", ""}, {"exchange.stack", stack + "|" + r.split}};
    default:
      return {{"other.base", r.run.is_request ? "request" : ""},
              {"other.stack", stack + (r.run.is_request ? "" : "|" + r.quantity)}};
  }
}

}  // namespace

std::string width_group(std::string_view quantity, bool knows_card) {
  std::string group(quantity);
  if (!knows_card) group += " of other cards";
  return group;
}

double throughput_deviation(const PooledPrediction& prediction, std::span<const PooledEffect> effects) {
  return std::sqrt(prediction.variance(effects) + kThroughputNoise * kThroughputNoise);
}

std::size_t LlmEffects::index_of(const std::string& level, const std::string& key) {
  const std::string name = level + "|" + key;
  const auto [at, is_new] = index_.emplace(name, effects_.size());
  if (is_new) {
    const Level& prior = *find_level(level);
    effects_.push_back({.mean = prior.mean, .prior_sigma = prior.sigma, .value = prior.mean, .sigma = prior.sigma});
  }
  return at->second;
}

bool LlmEffects::knows_card(const LlmRun& run) const {
  return fitted_.contains(law_of(run) + "all.card|" + run.backend + "|" + run.card);
}

PooledRow LlmEffects::design(const LlmRun& run) {
  const std::string law = law_of(run);
  const serving::ThroughputTerms terms =
      run.is_prompt() ? serving::prompt_seconds(run.run) : serving::token_seconds(run.run, run.holds_prompts());
  std::vector<EffectUse> common;
  for (const Use& use : common_uses(run)) {
    if (use.weight != 0.0) common.push_back({index_of(law + std::string(use.level), use.key), use.weight});
  }
  PooledRow row;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    if (terms.at(t) <= 1e-12) continue;
    PooledTerm term{.base = terms.at(t) / (run.is_prompt() ? 1.0 : run.tokens_per_step), .uses = common};
    for (const Use& use : uses_of(run, t)) {
      std::string level = is_shared(use.level) ? kPass : law;
      level += use.level;
      if (use.weight != 0.0) term.uses.push_back({index_of(level, use.key), use.weight});
    }
    row.terms.push_back(std::move(term));
  }
  return row;
}

double LlmEffects::width(const LlmRun& run) const {
  const std::string group = width_group(run.quantity, knows_card(run));
  if (const auto found = widths_.find(group + "|" + run.stack()); found != widths_.end()) return found->second;
  const auto found = widths_.find(group);
  return found == widths_.end() ? 2.0 : found->second;
}

std::string LlmEffects::to_toml() const {
  std::string text =
      "# Factors of the throughput law. Written by `labtwin fit` over the rows marked `fit` of "
      "calibration/data/llm-throughput.\n"
      "# effects: [log factor, its standard deviation] by law, term, level and key. widths: half of the 90 % interval in "
      "standard\n"
      "# deviations, from cards and rows that were left out of the fit.\n\n[widths]\n";
  for (const auto& [group, width] : widths_) text += fmt::format("\"{}\" = {:.3g}\n", group, width);
  text += "\n[effects]\n";
  for (const auto& [name, index] : index_) {
    const PooledEffect& e = effects_[index];
    if (std::abs(e.value - e.mean) < 0.01 && e.sigma > 0.9 * e.prior_sigma) continue;
    std::string key;
    for (const char c : name) key += c == '"' || c == '\\' ? '_' : c;
    text += fmt::format("\"{}\" = [{:.3f}, {:.2g}]\n", key, e.value, e.sigma);
  }
  return text;
}

LlmEffects LlmEffects::read(const std::filesystem::path& path) {
  return read(Document::read(path));
}

LlmEffects LlmEffects::read(const Document& document) {
  DiagnosticSink sink;
  TableReader root(document, sink);
  LlmEffects result;
  TableReader widths = root.table("widths");
  for (const std::string& group : widths.keys()) result.widths_[group] = widths.required<double>(group, kPositive);
  TableReader effects = root.table("effects");
  for (const std::string& name : effects.keys()) {
    const std::vector<double> values = effects.list<double>(name);
    if (values.size() != 2) {
      effects.fail(name, "must hold a value and its standard deviation");
      continue;
    }
    const std::size_t bar = name.find('|');
    if (bar == std::string::npos || find_level(name.substr(0, bar)) == nullptr) {
      effects.fail(name, "must be a level of the law, a bar and a key");
      continue;
    }
    PooledEffect& effect = result.effects_[result.index_of(name.substr(0, bar), name.substr(bar + 1))];
    result.fitted_.insert(name);
    effect.value = values[0];
    effect.sigma = values[1];
  }
  root.finish();
  sink.throw_if_any();
  return result;
}

const LlmEffects& LlmEffects::shipped() {
  static const LlmEffects effects = read(shipped_file());
  return effects;
}

LlmEffects LlmEffects::unfitted() {
  LlmEffects effects;
  effects.widths_ = shipped().widths_;
  return effects;
}

LlmEffects LlmEffects::shipped_for(std::span<const LlmRun> runs) {
  LlmEffects named;
  for (const LlmRun& run : runs) static_cast<void>(named.design(run));
  std::string text;
  for (const std::string& line : lines_of(shipped_file())) {
    const std::string_view name = name_in(line);
    const bool is_width = name.find('.') == std::string_view::npos || name.find('.') > name.find('|');
    if (name.empty() || is_width || named.index_.contains(name)) text += line + "\n";
  }
  return read(Document::from_text(shipped_file().string(), text));
}

std::vector<std::string> LlmEffects::shipped_keys(std::string_view level) {
  std::vector<std::string> keys;
  for (const std::string& line : lines_of(shipped_file())) {
    const std::string_view name = name_in(line);
    if (name.starts_with(level) && name.size() > level.size() && name[level.size()] == '|') {
      keys.emplace_back(name.substr(level.size() + 1));
    }
  }
  return keys;
}

std::optional<double> LlmEffects::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? std::nullopt : std::optional(effects_[found->second].value);
}

serving::ThroughputTerms scaled_terms(const LlmRun& run, LlmEffects& effects) {
  serving::ThroughputTerms terms = run.is_prompt() ? serving::prompt_seconds(run.run) : serving::token_seconds(run.run, false);
  const PooledRow row = effects.design(run);
  std::size_t next = 0;
  for (double& term : terms) {
    if (next == row.terms.size() || row.terms[next].base != term) {
      term = 0.0;
      continue;
    }
    PooledRow one;
    one.terms.push_back(row.terms[next++]);
    term = std::exp(predict_pooled(one, effects.values()).log_value);
  }
  return terms;
}

}  // namespace labtwin::calibration
