#include "models/calibration/llm_fit.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "models/base/error.hpp"
#include "models/calibration/entry_tables.hpp"
#include "models/calibration/measurement_set.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::size_t kFolds = 4;
constexpr std::size_t kEnoughRows = 40;
constexpr double kCovered = 0.9;
// Times what a datasheet allows; with tokens guessed ahead, a step yields several.
constexpr double kBeyondPeak = 1.3;
constexpr double kBeyondBandwidth = 1.4;
constexpr double kFastestHost = 2.0;  // of what a host is thought to have: its memory is rarely told
constexpr double kBeyondGuesses = 4.0;

// Rows of one card and model count less the more there are: a hundred builds of one afternoon are one witness. So do runs whose
// settings are told in words only.
void weigh(std::vector<LlmSample>& samples) {
  std::map<std::string, double> counts;
  const auto group = [](const LlmRun& r) { return r.card + "|" + r.model + "|" + r.stack() + "|" + r.quantity; };
  for (const LlmSample& s : samples) ++counts[group(s.run)];
  for (LlmSample& s : samples) {
    s.row.weight = 1.0 / std::sqrt(counts[group(s.run)]);
    if (s.run.host_share() > 0.0) s.row.weight *= 0.5;
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
  // A prompt that a server has seen before is not worked on again.
  if (row.quantity == "ttft_ms") {
    return 2.0 * run.active_parameters * run.prompt_tokens > kBeyondPeak * run.peak_flops.value() * run.num_cards * value / 1e3;
  }
  if (row.quantity != "decode_tok_s") return false;
  const Seconds on_card = run.weights.read_on_card(1.0) / (run.memory_bandwidth * run.num_cards);
  const Seconds in_host = run.weights.read_in_host(1.0) / (run.host_bandwidth * kFastestHost);
  const double least = (on_card + in_host).value();
  return value * least > (row.speculation.empty() ? kBeyondBandwidth : kBeyondGuesses);
}

// Whether a server made all the tokens that it was asked for, which says nothing of how many it could.
bool is_all_that_came(const LlmRun& run, double value) {
  return run.quantity == "throughput_out_tok_s" && run.offered_tokens_per_s > 0.0 && value > 0.9 * run.offered_tokens_per_s;
}

/// Errors over standard deviations, by group.
using Errors = std::map<std::string, std::vector<double>>;

/// Which samples are left out together, and whether their cards are then known.
struct Folds {
  std::vector<std::size_t> of_sample;
  bool knows_card = true;
};

// Fits without the samples of one fold and adds how far off these are.
void leave_out(const std::vector<LlmSample>& samples, const Folds& folds, std::size_t fold, std::vector<PooledEffect> effects,
               Errors& errors) {
  std::vector<PooledRow> kept;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (folds.of_sample[i] != fold) kept.push_back(samples[i].row);
  }
  fit_llm_effects(kept, effects);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (folds.of_sample[i] != fold) continue;
    const PooledPrediction prediction = predict_pooled(samples[i].row, effects);
    const double error =
        std::abs(samples[i].row.log_measured - prediction.log_value) / throughput_deviation(prediction, effects);
    const std::string group = width_group(samples[i].run.quantity, folds.knows_card);
    errors[group].push_back(error);
    errors[group + "|" + samples[i].run.stack()].push_back(error);
  }
}

// Users ask about other models on cards that were fitted on, and about other cards: leave out pairs of both, then whole cards.
void fit_widths(const std::vector<LlmSample>& samples, LlmEffects& effects) {
  Errors errors;
  std::map<std::string, std::size_t> numbers;
  const auto fold_of = [&](const std::string& unit) { return numbers.emplace(unit, numbers.size()).first->second % kFolds; };
  Folds by_pair{.of_sample = {}, .knows_card = true};
  Folds by_card{.of_sample = {}, .knows_card = false};
  for (const LlmSample& s : samples) {
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

}  // namespace

std::vector<LlmSample> read_llm_samples(std::span<const MeasurementTable> tables, LlmEffects& effects) {
  const LlmParts parts;
  std::vector<LlmSample> samples;
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

// Rows far from the means look like outliers to a narrow error, and would stay such: narrow it in steps.
void fit_llm_effects(std::span<const PooledRow> rows, std::vector<PooledEffect>& effects) {
  fit_pooled(rows, 10.0 * kThroughputNoise, effects);
  refine_pooled(rows, 4.0 * kThroughputNoise, effects);
  refine_pooled(rows, kThroughputNoise, effects);
}

LlmFolds fold_cards(std::span<const LlmRun> runs, std::size_t num_folds) {
  std::set<std::pair<std::string, std::string>> cards;  // kin stand together
  for (const LlmRun& run : runs) cards.emplace(run.architecture, run.card);
  LlmFolds folds;
  for (const auto& [architecture, card] : cards) folds.emplace(card, folds.size() % num_folds);
  return folds;
}

std::vector<MeasurementTable> read_llm_tables(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> folders;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    if (item.is_directory()) folders.push_back(item.path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<MeasurementTable> tables;
  for (const std::filesystem::path& path : folders) {
    MeasurementSet set = read_measurement_set(path);
    if (set.kind->name == "llm_throughput") tables.push_back(std::move(set.table));
  }
  return tables;
}

std::string fit_llm_throughput(std::span<const MeasurementTable> tables) {
  LlmEffects effects;
  const std::vector<LlmSample> samples = read_llm_samples(tables, effects);
  if (samples.empty()) {
    throw ConfigError(
        {.place = {"llm_throughput", 0, 0}, .key = {}, .value = {}, .rule = "holds no row that can be fitted", .hint = {}});
  }
  std::vector<PooledRow> rows;
  for (const LlmSample& sample : samples) rows.push_back(sample.row);
  fit_widths(samples, effects);
  fit_llm_effects(rows, effects.values());
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
