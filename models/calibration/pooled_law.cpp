#include "models/calibration/pooled_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/base/table_reader.hpp"
#include "models/catalog/data_folder.hpp"

namespace labtwin::calibration {
namespace {

constexpr std::size_t kFolds = 5;
constexpr double kLeastDiscrepancy = 0.001;
constexpr double kCovered = 0.9;

const PooledLevel* find_level(std::span<const PooledLevel> levels, std::string_view name) {
  const auto found = std::find_if(levels.begin(), levels.end(), [&](const PooledLevel& level) { return level.name == name; });
  return found == levels.end() ? nullptr : &*found;
}

double quantile(std::vector<double> values, double share) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

struct Weighted {
  double value = 0.0;
  double weight = 1.0;
};

// Of rows that count by their weights: many of one unit are one witness.
double quantile(std::vector<Weighted> rows, double share) {
  std::sort(rows.begin(), rows.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  double rest = 0.0;
  for (const Weighted& row : rows) rest += share * row.weight;
  for (const Weighted& row : rows) {
    rest -= row.weight;
    if (rest <= 0.0) return row.value;
  }
  return rows.back().value;
}

// Without what ends a string of TOML.
std::string plain(std::string_view name) {
  std::string text(name);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '"' || c == '\\'; }, '_');
  return text;
}

// Rows far from the means look like outliers to a narrow error, and a library of its own would stay one: narrow it in steps.
void fit_in_steps(std::span<const PooledRow> rows, double noise, std::vector<PooledEffect>& effects) {
  fit_pooled(rows, 10.0 * noise, effects);
  refine_pooled(rows, 3.0 * noise, effects);
  refine_pooled(rows, noise, effects);
}

// Rows of one unit count less the more there are: a matrix of one machine is one witness.
void weigh(std::vector<LawRow>& rows) {
  std::map<std::string, double> counts;
  for (const LawRow& row : rows) ++counts[row.unit + "|" + row.group];
  for (LawRow& row : rows) row.weight /= std::sqrt(counts[row.unit + "|" + row.group]);
}

}  // namespace

std::size_t PooledLaw::index_of(std::string_view level, const std::string& key) {
  const auto [at, is_new] = index_.emplace(fmt::format("{}|{}", level, key), effects_.size());
  if (is_new) {
    const PooledLevel& prior = *find_level(design_->levels, level);
    effects_.push_back({.mean = prior.mean, .prior_sigma = prior.sigma, .value = prior.mean, .sigma = prior.sigma});
  }
  return at->second;
}

PooledRow PooledLaw::design_row(const LawRow& row) {
  PooledRow designed{.terms = {}, .log_measured = row.log_measured, .weight = row.weight};
  for (const LawTerm& term : row.terms) {
    PooledTerm pooled{.base = term.base, .uses = {}, .is_beside = term.is_beside};
    for (const LevelUse& use : term.uses) {
      if (use.weight != 0.0) pooled.uses.push_back({index_of(use.level, use.key), use.weight});
    }
    designed.terms.push_back(std::move(pooled));
  }
  return designed;
}

double PooledLaw::deviation(const PooledPrediction& prediction) const {
  return std::sqrt(prediction.variance(effects_) + design_->noise * design_->noise);
}

Estimate PooledLaw::predict(const LawRow& row) {
  // A key that nothing was fitted for adds an effect: the row first, then a view of the effects.
  const PooledRow designed = design_row(row);
  const PooledPrediction prediction = predict_pooled(designed, effects_);
  const Discrepancies& discrepancies = units_.contains(row.unit) ? of_known_units_ : of_new_units_;
  const auto found = discrepancies.find(row.group);
  const double discrepancy = found == discrepancies.end() ? 0.0 : found->second;
  return log_interval(std::exp(prediction.log_value), kNormal90 * std::hypot(deviation(prediction), discrepancy));
}

void PooledLaw::leave_out(const std::vector<LawRow>& rows, const std::vector<PooledRow>& designed,
                          const std::vector<std::size_t>& fold_of, std::map<std::string, LeftOut>& summary,
                          Discrepancies& discrepancies) {
  std::map<std::string, std::vector<double>> errors;
  std::map<std::string, std::vector<Weighted>> excesses;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<PooledRow> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fold_of[i] != fold) kept.push_back(designed[i]);
    }
    fit_in_steps(kept, design_->noise, effects_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (fold_of[i] != fold) continue;
      const PooledPrediction prediction = predict_pooled(designed[i], effects_);
      const double log_error = prediction.log_value - rows[i].log_measured;
      errors[rows[i].group].push_back(100.0 * std::abs(std::expm1(log_error)));
      // The variance by which the law itself must be wrong for the interval to hold this row.
      const double excess = std::pow(log_error / kNormal90, 2.0) - std::pow(deviation(prediction), 2.0);
      excesses[rows[i].group].push_back({excess, rows[i].weight});
    }
  }
  for (const auto& [group, values] : errors) summary[group] = {quantile(values, 0.5), quantile(values, kCovered)};
  for (const auto& [group, values] : excesses) {
    discrepancies[group] = std::sqrt(std::max(quantile(values, kCovered), kLeastDiscrepancy * kLeastDiscrepancy));
  }
}

void PooledLaw::fit(std::vector<LawRow> rows) {
  weigh(rows);
  std::vector<PooledRow> designed;
  std::map<std::string, std::size_t> units;
  std::vector<std::size_t> by_row;
  std::vector<std::size_t> by_unit;
  for (const LawRow& row : rows) {
    designed.push_back(design_row(row));
    by_row.push_back(by_row.size() % kFolds);
    by_unit.push_back(units.emplace(row.unit, units.size()).first->second % kFolds);
  }
  leave_out(rows, designed, by_row, rows_left_out_, of_known_units_);
  leave_out(rows, designed, by_unit, units_left_out_, of_new_units_);
  for (const auto& [unit, index] : units) units_.insert(unit);
  fit_in_steps(designed, design_->noise, effects_);
}

void PooledLaw::calibrate(const std::vector<LawRow>& rows) {
  if (rows.empty()) return;
  std::vector<PooledRow> designed;
  for (const LawRow& row : rows) {
    designed.push_back(design_row(row));
    units_.insert(row.unit);
  }
  for (PooledEffect& effect : effects_) {
    effect.mean = effect.value;
    effect.prior_sigma = std::max(effect.sigma, 1e-3);
  }
  fit_pooled(designed, 3.0 * design_->noise, effects_);
}

std::string PooledLaw::to_toml() const {
  std::string text = fmt::format(
      "# Factors of the law of kind {0}. Written by `labtwin fit` over the rows marked `fit` of the project's set.\n"
      "# effects: [log factor, its standard deviation] by level and key. discrepancy: standard deviation of the law's own log\n"
      "# error, such that intervals hold 90 % of rows of known units, and of whole new units, that were left out of the fit.\n",
      design_->name);
  for (const auto& [group, left_out] : units_left_out_) {
    const LeftOut& rows = rows_left_out_.at(group);
    text += fmt::format("# left out, {}: rows median {:.1f}, 90th percentile {:.1f} %; whole units {:.1f}, {:.1f} %\n", group,
                        rows.median_pct, rows.p90_pct, left_out.median_pct, left_out.p90_pct);
  }
  const auto add_discrepancies = [&](std::string_view table, const Discrepancies& discrepancies) {
    text += fmt::format("\n[{}]\n", table);
    for (const auto& [group, value] : discrepancies) text += fmt::format("\"{}\" = {:.3g}\n", group, value);
  };
  add_discrepancies("discrepancy.known", of_known_units_);
  add_discrepancies("discrepancy.new", of_new_units_);
  text += "\n[units]\nknown = [";
  for (const std::string& unit : units_) text += fmt::format("\n  \"{}\",", plain(unit));
  text += "\n]\n";
  text += "\n[effects]\n";
  for (const auto& [name, index] : index_) {
    const PooledEffect& e = effects_[index];
    if (std::abs(e.value - e.mean) < 0.01 && e.sigma > 0.9 * e.prior_sigma) continue;
    text += fmt::format("\"{}\" = [{:.3f}, {:.2g}]\n", plain(name), e.value, e.sigma);
  }
  return text;
}

PooledLaw PooledLaw::read(const PooledLawDesign& design, const std::filesystem::path& path) {
  const Document document = Document::read(path);
  DiagnosticSink sink;
  TableReader root(document, sink);
  PooledLaw law(design);
  TableReader discrepancy = root.table("discrepancy");
  const auto read_discrepancies = [&](std::string_view key, Discrepancies& discrepancies) {
    TableReader table = discrepancy.table(key);
    for (const std::string& group : table.keys()) discrepancies[group] = table.required<double>(group, kPositive);
  };
  read_discrepancies("known", law.of_known_units_);
  read_discrepancies("new", law.of_new_units_);
  TableReader units = root.table("units");
  for (const std::string& unit : units.list<std::string>("known")) law.units_.insert(unit);
  TableReader effects = root.table("effects");
  for (const std::string& name : effects.keys()) {
    const std::vector<double> values = effects.list<double>(name);
    const std::size_t bar = name.find('|');
    if (values.size() != 2) {
      effects.fail(name, "must hold a value and its standard deviation");
    } else if (bar == std::string::npos || find_level(design.levels, name.substr(0, bar)) == nullptr) {
      effects.fail(name, "must be a level of the law, a bar and a key");
    } else {
      PooledEffect& effect = law.effects_[law.index_of(name.substr(0, bar), name.substr(bar + 1))];
      effect.value = values[0];
      effect.sigma = values[1];
    }
  }
  root.finish();
  sink.throw_if_any();
  return law;
}

PooledLaw PooledLaw::shipped(const PooledLawDesign& design) {
  return read(design, catalog::find_data_folder().calibration / "priors" / fmt::format("{}.toml", design.name));
}

}  // namespace labtwin::calibration
