#include "models/calibration/llm_throughput.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "models/base/error.hpp"
#include "models/calibration/entry_tables.hpp"
#include "models/calibration/llm_effects.hpp"
#include "models/calibration/median.hpp"
#include "models/calibration/score.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::size_t kFolds = 4;
constexpr std::size_t kEnoughRows = 40;
constexpr double kCovered = 0.9;
// Times what a datasheet allows; with tokens guessed ahead, a step yields several.
constexpr double kBeyondPeak = 1.3;
constexpr double kBeyondBandwidth = 1.4;
constexpr double kFastestHost = 2.0;  // of what a host is thought to have: its memory is rarely told
constexpr double kBeyondGuesses = 6.0;
constexpr std::string_view kSeen = ", card seen";      // rows of it were fitted on
constexpr std::string_view kUnseen = ", card unseen";  // predicted from its datasheet
constexpr double kSpills = 0.01;                       // of the weights, that the host holds

/// A row that calibrates.
struct Sample {
  LlmRun run;
  PooledRow row;
};

double standard_deviation(const PooledPrediction& prediction, std::span<const PooledEffect> effects) {
  return std::sqrt(prediction.variance(effects) + kThroughputNoise * kThroughputNoise);
}

// Rows of one card and model count less the more there are: a hundred builds of one afternoon are one witness. So do runs whose
// settings are told in words only.
void weigh(std::vector<Sample>& samples) {
  std::map<std::string, double> counts;
  const auto group = [](const LlmRun& r) { return r.card + "|" + r.model + "|" + r.stack() + "|" + r.quantity; };
  for (const Sample& s : samples) ++counts[group(s.run)];
  for (Sample& s : samples) {
    s.row.weight = 1.0 / std::sqrt(counts[group(s.run)]);
    if (s.run.run.host_share > 0.0) s.row.weight *= 0.5;
    if (!s.run.speculation.empty()) s.row.weight *= 0.3;
    if (s.run.quantity == "throughput_out_tok_s" || s.run.quantity == "itl_ms") s.row.weight *= 0.3;
    if (s.run.quantity == "ttft_ms") s.row.weight *= 0.3;
  }
}

// Whether the card cannot be that fast: what was measured is another model, another card, or tokens that were stored. Of models
// whose shape is guessed nothing can be said, nor of processors, whose memory a name does not tell.
bool is_beyond(const LlmRun& row, double value) {
  if (row.unlisted || row.backend == "cpu") return false;
  const serving::ThroughputRun& run = row.run;
  if (row.quantity == "prefill_tok_s") {
    return 2.0 * run.active_parameters * value > kBeyondPeak * run.peak_flops.value() * run.num_cards;
  }
  if (row.quantity != "decode_tok_s") return false;
  const double on_card = (1.0 - run.host_share) / (run.memory_bandwidth.value() * run.num_cards);
  const double in_host = run.host_share / (kFastestHost * run.host_bandwidth.value());
  const double least = run.weights.value() * run.active_share * (on_card + in_host);
  return value * least > (row.speculation.empty() ? kBeyondBandwidth : kBeyondGuesses);
}

// Whether a server made all the tokens that it was asked for, which says nothing of how many it could.
bool is_all_that_came(const LlmRun& run, double value) {
  return run.quantity == "throughput_out_tok_s" && run.offered_tokens_per_s > 0.0 && value > 0.9 * run.offered_tokens_per_s;
}

std::vector<Sample> read_samples(std::span<const MeasurementTable> tables, LlmEffects& effects) {
  const LlmParts parts;
  std::vector<Sample> samples;
  for (const MeasurementTable& table : tables) {
    for (std::size_t i = 0; i < table.num_rows(); ++i) {
      const auto value = table.split(i) == Split::Fit ? table.number(i, "value") : std::nullopt;
      if (!value || *value <= 0.0) continue;
      LlmRun run = read_llm_run(table, i, parts);
      if (run.suspicious || is_beyond(run, *value) || is_all_that_came(run, *value)) continue;
      PooledRow row = effects.design(run);
      row.log_measured = std::log(run.seconds_of(*value));
      samples.push_back({std::move(run), std::move(row)});
    }
  }
  weigh(samples);
  return samples;
}

/// Errors over standard deviations, by group.
using Errors = std::map<std::string, std::vector<double>>;

// Rows far from the means look like outliers to a narrow error, and would stay such: narrow it in steps.
void fit_in_steps(std::span<const PooledRow> rows, std::vector<PooledEffect>& effects) {
  fit_pooled(rows, 10.0 * kThroughputNoise, effects);
  refine_pooled(rows, 4.0 * kThroughputNoise, effects);
  refine_pooled(rows, kThroughputNoise, effects);
}

/// Which samples are left out together, and whether their cards are then known.
struct Folds {
  std::vector<std::size_t> of_sample;
  bool knows_card = true;
};

// Fits without the samples of one fold and adds how far off these are.
void leave_out(const std::vector<Sample>& samples, const Folds& folds, std::size_t fold, std::vector<PooledEffect> effects,
               Errors& errors) {
  std::vector<PooledRow> kept;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (folds.of_sample[i] != fold) kept.push_back(samples[i].row);
  }
  fit_in_steps(kept, effects);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (folds.of_sample[i] != fold) continue;
    const PooledPrediction prediction = predict_pooled(samples[i].row, effects);
    const double error = std::abs(samples[i].row.log_measured - prediction.log_value) / standard_deviation(prediction, effects);
    const std::string group = width_group(samples[i].run.quantity, folds.knows_card);
    errors[group].push_back(error);
    errors[group + "|" + samples[i].run.stack()].push_back(error);
  }
}

// Users ask about other models on cards that were fitted on, and about other cards: leave out pairs of both, then whole cards.
void fit_widths(const std::vector<Sample>& samples, LlmEffects& effects) {
  Errors errors;
  std::map<std::string, std::size_t> numbers;
  const auto fold_of = [&](const std::string& unit) { return numbers.emplace(unit, numbers.size()).first->second % kFolds; };
  Folds by_pair{.of_sample = {}, .knows_card = true};
  Folds by_card{.of_sample = {}, .knows_card = false};
  for (const Sample& s : samples) {
    by_pair.of_sample.push_back(fold_of(s.run.card + "|" + s.run.model));
    by_card.of_sample.push_back(fold_of(s.run.card));
  }
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    leave_out(samples, by_pair, fold, effects.values(), errors);
    leave_out(samples, by_card, fold, effects.values(), errors);
  }
  for (auto& [group, values] : errors) {
    if (values.size() < kEnoughRows && group.find('|') != std::string::npos) continue;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(kCovered * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    effects.set_width(group, std::max(*at, 0.1));
  }
}

Estimate estimate(const LlmRun& run, LlmEffects& effects) {
  const PooledRow row = effects.design(run);  // which may add effects, so before these are read
  const PooledPrediction prediction = predict_pooled(row, effects.values());
  const double half = effects.width(run) * standard_deviation(prediction, effects.values());
  // Rates are the inverse of times, so this turns either into the other.
  const double seconds = std::exp(prediction.log_value);
  if (run.quantity.ends_with("_ms")) return log_interval(1e3 * seconds, half);
  double rate = run.seconds_of(seconds);
  if (run.quantity == "throughput_out_tok_s" && run.offered_tokens_per_s > 0.0) rate = std::min(rate, run.offered_tokens_per_s);
  return log_interval(rate, half);
}

// What makes a run harder to predict than one on a card that holds the model.
std::string_view complication(const LlmRun& run) {
  if (!run.speculation.empty()) return ", guessing ahead";
  if (run.run.host_share > kSpills) return ", spilling";
  return run.run.num_cards > 1.0 ? ", several cards" : "";
}

std::string group_of(const LlmRun& run, const LlmEffects& effects) {
  return fmt::format("{}{}{}", run.stack(), effects.knows_card(run) ? kSeen : kUnseen, complication(run));
}

Prediction predict(const MeasurementTable& table, std::size_t index, const LlmParts& parts, LlmEffects& effects) {
  const LlmRun run = read_llm_run(table, index, parts);
  return {.row = index + 1,
          .quantity = run.quantity,
          .group = group_of(run, effects),
          .measured = run.suspicious ? std::nullopt : table.number(index, "value"),
          .estimate = estimate(run, effects),
          .grade = Grade::Fitted,
          .note = run.suspicious ? "the source's figure is suspicious" : ""};
}

/// What has to be the same for two rows to be repeats of each other.
std::string condition_of(const MeasurementTable& table, std::size_t row) {
  std::string condition;
  for (const std::string_view column :
       {"quantity", "gpu", "num_gpus", "backend", "engine", "model", "quant", "prompt_tokens", "gen_tokens", "context_depth",
        "concurrency", "ubatch", "flash_attn", "ngl", "split_mode", "power_limit_w"}) {
    condition += table.text(row, column);
    condition += '|';
  }
  return condition;
}

/// How far measured values are from the median of those of the same condition, in per cent; nothing for the first of its kind.
class Repeats {
 public:
  explicit Repeats(const MeasurementTable& table) : table_(table) {
    for (std::size_t row = 0; row < table.num_rows(); ++row) {
      const auto value = table.number(row, "value");
      const bool is_suspicious = table.text(row, "notes").find("suspicious") != std::string_view::npos;
      if (value && *value > 0.0 && !is_suspicious) values_[condition_of(table, row)].push_back(*value);
    }
  }
  [[nodiscard]] std::optional<double> spread_pct(const Prediction& p) const {
    const auto same = values_.find(condition_of(table_, p.row - 1));
    if (!p.measured || same == values_.end() || same->second.size() < 2) return std::nullopt;
    return 100.0 * std::abs(*p.measured / median(same->second) - 1.0);
  }

 private:
  const MeasurementTable& table_;
  std::map<std::string, std::vector<double>> values_;
};

/// Predictions that are scored together: of cards that were fitted on or of others, by one way to reach them or by all.
struct Subset {
  std::string_view quantity;
  std::string_view backend;  ///< empty: all
  std::string_view cards;    ///< kSeen or kUnseen

  [[nodiscard]] bool has(const Prediction& p) const {
    return p.quantity == quantity && p.group.find(std::string(backend) + std::string(cards)) != std::string::npos;
  }
};

/// Empty if nothing of it was measured.
std::string subset_line(const Subset& subset, const Evaluation& evaluation, const Repeats& repeats) {
  std::vector<const Prediction*> members;
  std::vector<double> spreads;
  for (const Prediction& p : evaluation.predictions) {
    if (!subset.has(p)) continue;
    members.push_back(&p);
    if (const auto spread = repeats.spread_pct(p)) spreads.push_back(*spread);
  }
  const auto score_of_all = score(members);
  if (!score_of_all) return {};
  std::string line =
      fmt::format("{}{}{}: n {}, median {:.1f} %, 90th {:.1f} %, coverage {:.0f} %", subset.quantity,
                  subset.backend.empty() ? "" : fmt::format(", {}", subset.backend.substr(1)), subset.cards,
                  score_of_all->num_rows, score_of_all->median_ape_pct, score_of_all->p90_ape_pct, score_of_all->coverage_pct);
  if (spreads.empty()) return line;
  std::sort(spreads.begin(), spreads.end());
  return line + fmt::format("; people who ran the same differ by {:.1f} %, 90th {:.1f} % (n {})", median(spreads),
                            spreads[spreads.size() * 9 / 10], spreads.size());
}

}  // namespace

Evaluation evaluate_llm_throughput(const MeasurementTable& table, const Progress& progress) {
  static const std::set<std::string_view> known = {"decode_tok_s", "prefill_tok_s", "ttft_ms", "itl_ms",
                                                   "throughput_out_tok_s"};
  Evaluation evaluation;
  const LlmParts parts;
  LlmEffects effects = LlmEffects::shipped();
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    if (!known.contains(table.text(i, "quantity"))) {
      evaluation.predictions.push_back(unpredicted(table, i, table.text(i, "quantity"), "no law for this quantity"));
      continue;
    }
    if (table.text(i, "gpu").empty()) {
      evaluation.predictions.push_back(
          unpredicted(table, i, table.text(i, "quantity"), "the card is not told: name it as `device` in a manifest.toml"));
      continue;
    }
    evaluation.predictions.push_back(predict(table, i, parts, effects));
    if (progress && i % 256 == 0) progress(static_cast<double>(i) / static_cast<double>(table.num_rows()));
  }
  const Repeats repeats(table);
  for (const std::string_view quantity : known) {
    for (const std::string_view cards : {kSeen, kUnseen}) {
      for (const std::string_view backend : {"|cuda", ""}) {
        std::string line = subset_line({.quantity = quantity, .backend = backend, .cards = cards}, evaluation, repeats);
        if (!line.empty()) evaluation.notes.push_back(std::move(line));
      }
    }
  }
  return evaluation;
}

std::string fit_llm_throughput(std::span<const MeasurementTable> tables) {
  LlmEffects effects;
  const std::vector<Sample> samples = read_samples(tables, effects);
  if (samples.empty()) {
    throw ConfigError(
        {.place = {"llm_throughput", 0, 0}, .key = {}, .value = {}, .rule = "holds no row that can be fitted", .hint = {}});
  }
  std::vector<PooledRow> rows;
  for (const Sample& sample : samples) rows.push_back(sample.row);
  fit_widths(samples, effects);
  fit_in_steps(rows, effects.values());
  return effects.to_toml();
}

std::string fit_llm_throughput_set(const MeasurementTable& table) {
  MeasurementTable marked(table.name(), table.columns());
  const auto split = table.find_column("split");
  bool has_fit_rows = false;
  for (std::size_t row = 0; row < table.num_rows(); ++row) has_fit_rows = has_fit_rows || table.split(row) == Split::Fit;
  if (has_fit_rows || !split) return fit_llm_throughput(std::vector<MeasurementTable>{all_to_fit(table)});
  for (std::size_t row = 0; row < table.num_rows(); ++row) {
    std::vector<std::string> cells;
    for (const std::string& column : table.columns()) cells.emplace_back(table.text(row, column));
    if (table.split(row) == Split::HeldOut) cells[*split] = "fit";
    marked.add_row(std::move(cells));
  }
  return fit_llm_throughput(std::vector<MeasurementTable>{std::move(marked)});
}

}  // namespace labtwin::calibration
