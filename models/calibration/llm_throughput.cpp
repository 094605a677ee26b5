#include "models/calibration/llm_throughput.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <span>

#include "models/calibration/llm_effects.hpp"
#include "models/calibration/llm_fit.hpp"
#include "models/calibration/median.hpp"
#include "models/calibration/score.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

// Of cards: without one of these, at most a twelfth of the rows' witnesses is gone.
constexpr std::size_t kCardFolds = 12;
constexpr std::string_view kSeen = ", card seen";         // rows of it were fitted on
constexpr std::string_view kUnseen = ", card unseen";     // predicted from its datasheet
constexpr std::string_view kLeftOut = ", card left out";  // likewise: its rows were kept from a fit of their own
constexpr double kSpills = 0.01;                          // of the weights, that the host holds
constexpr std::array<std::string_view, 5> kQuantities = {"decode_tok_s", "itl_ms", "prefill_tok_s", "throughput_out_tok_s",
                                                         "ttft_ms"};

Estimate estimate(const LlmRun& run, LlmEffects& effects) {
  const PooledRow row = effects.design(run);  // which may add effects, so before these are read
  const PooledPrediction prediction = predict_pooled(row, effects.values());
  const double half = effects.width(run) * throughput_deviation(prediction, effects.values());
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
  if (run.host_share() > kSpills) return ", spilling";
  return run.run.num_cards > 1.0 ? ", several cards" : "";
}

// `cards`: what the fit knew of the card.
Prediction predict(const MeasurementTable& table, std::size_t index, const LlmRun& run, LlmEffects& effects,
                   std::string_view cards) {
  return {.row = index + 1,
          .quantity = run.quantity,
          .group = fmt::format("{}{}{}", run.stack(), cards, complication(run)),
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
  std::string_view cards;    ///< kSeen, kUnseen or kLeftOut
  bool is_plain = false;     ///< of these, one card that holds the model, nothing guessed ahead

  [[nodiscard]] bool has(const Prediction& p) const {
    const std::string part = std::string(backend) + std::string(cards);
    return p.quantity == quantity && (is_plain ? p.group.ends_with(part) : p.group.find(part) != std::string::npos);
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
      fmt::format("{}{}{}{}: n {}, bias {:.1f} %, median {:.1f} %, 90th {:.1f} %, coverage {:.0f} %", subset.quantity,
                  subset.backend.empty() ? "" : fmt::format(", {}", subset.backend.substr(1)), subset.cards,
                  subset.is_plain ? ", one card that holds the model" : "", score_of_all->num_rows, score_of_all->bias_pct,
                  score_of_all->median_ape_pct, score_of_all->p90_ape_pct, score_of_all->coverage_pct);
  if (spreads.empty()) return line;
  std::sort(spreads.begin(), spreads.end());
  return line + fmt::format("; people who ran the same differ by {:.1f} %, 90th {:.1f} % (n {})", median(spreads),
                            spreads[spreads.size() * 9 / 10], spreads.size());
}

void sort_by_row(std::vector<Prediction>& predictions) {
  std::stable_sort(predictions.begin(), predictions.end(),
                   [](const Prediction& a, const Prediction& b) { return a.row < b.row; });
}

// Why a row cannot be predicted; empty if it can.
std::string_view lack_of(const MeasurementTable& table, std::size_t row) {
  if (std::find(kQuantities.begin(), kQuantities.end(), table.text(row, "quantity")) == kQuantities.end()) {
    return "no law for this quantity";
  }
  if (table.text(row, "gpu").empty()) return "the card is not told: name it as `device` in a manifest.toml";
  return {};
}

/// A row that is to be predicted.
struct Asked {
  std::size_t index = 0;
  LlmRun run;
};

// The held-out rows; those that cannot be predicted are added to the evaluation as such.
std::vector<Asked> read_asked(const MeasurementTable& table, Evaluation& evaluation) {
  const LlmParts parts;
  std::vector<Asked> asked;
  for (std::size_t i = 0; i < table.num_rows(); ++i) {
    if (table.split(i) != Split::HeldOut) continue;
    if (const std::string_view lack = lack_of(table, i); !lack.empty()) {
      evaluation.predictions.push_back(unpredicted(table, i, table.text(i, "quantity"), std::string(lack)));
    } else {
      asked.push_back({i, read_llm_run(table, i, parts)});
    }
  }
  return asked;
}

void add_notes(const MeasurementTable& table, std::span<const std::string_view> cards, Evaluation& evaluation) {
  const Repeats repeats(table);
  for (const std::string_view quantity : kQuantities) {
    for (const std::string_view of : cards) {
      for (const bool is_plain : {false, true}) {
        for (const std::string_view backend : {"|cuda", ""}) {
          const Subset subset{.quantity = quantity, .backend = backend, .cards = of, .is_plain = is_plain};
          std::string line = subset_line(subset, evaluation, repeats);
          if (!line.empty()) evaluation.notes.push_back(std::move(line));
        }
      }
    }
  }
}

// Effects as fitted to the samples of all cards but those of one part.
void fit_without(const std::vector<LlmSample>& samples, const LlmFolds& folds, std::size_t part, LlmEffects& effects) {
  std::vector<PooledRow> kept;
  for (const LlmSample& sample : samples) {
    if (folds.at(sample.run.card) != part) kept.push_back(sample.row);
  }
  fit_llm_effects(kept, effects.values());
}

}  // namespace

Evaluation evaluate_llm_throughput(const MeasurementTable& table, const Progress& progress) {
  Evaluation evaluation;
  LlmEffects effects = LlmEffects::shipped();
  const std::vector<Asked> asked = read_asked(table, evaluation);
  for (const Asked& row : asked) {
    const std::string_view cards = effects.knows_card(row.run) ? kSeen : kUnseen;
    evaluation.predictions.push_back(predict(table, row.index, row.run, effects, cards));
    if (progress && row.index % 256 == 0) progress(static_cast<double>(row.index) / static_cast<double>(table.num_rows()));
  }
  sort_by_row(evaluation.predictions);
  add_notes(table, std::array{kSeen, kUnseen}, evaluation);
  return evaluation;
}

Evaluation evaluate_llm_cards_left_out(const MeasurementTable& table, const Progress& progress) {
  return evaluate_llm_cards_left_out(
      table, read_llm_tables(catalog::find_data_folder().calibration / "data" / "llm-throughput"), progress);
}

Evaluation evaluate_llm_cards_left_out(const MeasurementTable& table, std::span<const MeasurementTable> known,
                                       const Progress& progress) {
  Evaluation evaluation;
  const std::vector<Asked> asked = read_asked(table, evaluation);
  LlmEffects effects = LlmEffects::unfitted();
  const std::vector<LlmSample> samples = read_llm_samples(known, effects);
  std::vector<LlmRun> runs;
  for (const LlmSample& sample : samples) runs.push_back(sample.run);
  for (const Asked& row : asked) runs.push_back(row.run);
  const LlmFolds folds = fold_cards(runs, kCardFolds);
  for (std::size_t part = 0; part < kCardFolds; ++part) {
    const auto is_in = [&](const Asked& row) { return folds.at(row.run.card) == part; };
    if (std::none_of(asked.begin(), asked.end(), is_in)) continue;
    if (progress) progress(static_cast<double>(part) / static_cast<double>(kCardFolds));
    fit_without(samples, folds, part, effects);
    for (const Asked& row : asked) {
      if (is_in(row)) evaluation.predictions.push_back(predict(table, row.index, row.run, effects, kLeftOut));
    }
  }
  sort_by_row(evaluation.predictions);
  add_notes(table, std::array{kLeftOut}, evaluation);
  return evaluation;
}

}  // namespace labtwin::calibration
