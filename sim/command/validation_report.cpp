#include "sim/command/validation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "models/calibration/score.hpp"

namespace labtwin::command {
namespace {

using calibration::FitSummary;
using calibration::Prediction;
using nlohmann::json;

using PredictionList = std::vector<const Prediction*>;

// In the order in which a kind names its quantities, then what is derived from rows.
std::vector<std::pair<std::string, PredictionList>> by_quantity(const ValidatedSet& set) {
  std::vector<std::pair<std::string, PredictionList>> lists;
  for (const auto* predictions : {&set.evaluation.predictions, &set.evaluation.derived}) {
    for (const Prediction& prediction : *predictions) {
      auto at = std::find_if(lists.begin(), lists.end(), [&](const auto& entry) { return entry.first == prediction.quantity; });
      if (at == lists.end()) at = lists.insert(at, {prediction.quantity, {}});
      at->second.push_back(&prediction);
    }
  }
  return lists;
}

std::string unit_of(std::string_view quantity) {
  if (calibration::is_scored_in_points(quantity)) return "points";
  if (quantity.ends_with("_us")) return "us";
  if (quantity.ends_with("_gb")) return "GB";
  if (quantity.ends_with("_gib")) return "GiB";
  if (quantity.ends_with("mb_s")) return "MB/s";
  if (quantity.ends_with("_s")) return "s";
  if (quantity.ends_with("iops") || quantity.ends_with("qps")) return "/s";
  return "";
}

constexpr std::size_t kGroupWidth = 28;
constexpr std::size_t kCaseWidth = 66;

std::string header_line(std::string_view label, std::size_t width, bool interpolated, bool banded) {
  return fmt::format("{:<{}} {:<20} {:>6} {:>8} {:>8} {:>8} {:>8}{}{}\n", label, width, "quantity", "n", "bias %", "median %",
                     "p90 %", "cover %", interpolated ? "  the line between the fitted points: median %, p90 %" : "",
                     banded ? "  from the band of chance: median %, p90 %" : "");
}

// Nothing if no prediction has a measured value.
std::string score_line(std::string_view label, std::size_t width, std::string_view quantity,
                       const PredictionList& predictions) {
  if (const auto verdicts = calibration::count_verdicts(quantity, predictions)) {
    return fmt::format("{:<{}} {:<20} {:>6}  {} right; {} of {} outside the margin\n", label, width, quantity,
                       verdicts->num_rows, verdicts->num_right, verdicts->num_sure_right, verdicts->num_sure);
  }
  const auto score = calibration::score(predictions);
  if (!score) return {};
  const auto comparison = calibration::compare_with_line(predictions);
  const auto band = calibration::score_bands(predictions);
  return fmt::format(
      "{:<{}} {:<20} {:>6} {:>8.1f} {:>8.1f} {:>8.1f} {:>8.0f}{}{}{}{}\n", label, width, quantity, score->num_rows,
      score->bias_pct, score->median_ape_pct, score->p90_ape_pct, score->coverage_pct,
      comparison ? fmt::format(" {:>8.1f} {:>8.1f}", comparison->line_median_ape_pct, comparison->line_p90_ape_pct) : "",
      band ? fmt::format(" {:>8.1f} {:>8.1f}", band->median_pct, band->p90_pct) : "",
      calibration::is_scored_in_points(quantity) ? "  in points" : "",
      score->num_missing > 0 ? fmt::format("  ({} not predicted)", score->num_missing) : "");
}

// With nothing but their number if none has a measured value.
std::string line_or_zero(std::string_view label, std::size_t width, std::string_view quantity,
                         const PredictionList& predictions) {
  const std::string line = score_line(label, width, quantity, predictions);
  return line.empty() ? fmt::format("{:<{}} {:<20} {:>6}\n", label, width, quantity, 0) : line;
}

std::string lines_by_group(std::string_view label, std::string_view quantity, const PredictionList& predictions) {
  std::string lines = label.empty() ? "" : fmt::format("{}\n", label);
  for (const auto& [group, members] : calibration::part_by_group(predictions)) {
    lines += score_line(fmt::format("  {}", group), kCaseWidth, quantity, members);
  }
  return lines;
}

std::string summary_text(const ValidatedSet& set) {
  std::string text;
  for (const auto& [quantity, predictions] : by_quantity(set)) {
    text += score_line("all", kGroupWidth, quantity, predictions);
    std::map<std::string, PredictionList> groups;
    for (const Prediction* prediction : predictions) {
      const std::string& group = prediction->group;
      groups[group].push_back(prediction);
      if (const std::size_t end = group.find(": "); end != std::string::npos)
        groups[group.substr(0, end)].push_back(prediction);
    }
    if (groups.size() < 2) continue;
    for (const auto& [group, members] : groups) text += score_line(fmt::format("  {}", group), kGroupWidth, quantity, members);
  }
  return text;
}

std::string row_line(const Prediction& p) {
  const std::string measured = p.measured ? fmt::format("{:.6g}", *p.measured) : "-";
  if (!p.estimate) return fmt::format("{:>6} {:<14} {:>12} {:>12}  {}\n", p.row, p.quantity, measured, "-", p.note);
  return fmt::format("{:>6} {:<14} {:>12} {:>12.6g} {:>12.6g} {:>12.6g}  {}{}\n", p.row, p.quantity, measured,
                     p.estimate->value, p.estimate->low, p.estimate->high, catalog::grade_name(p.grade),
                     p.note.empty() ? "" : ": " + p.note);
}

std::string rows_text(const ValidatedSet& set) {
  std::string text = fmt::format("{:>6} {:<14} {:>12} {:>12} {:>12} {:>12}  {}\n", "row", "quantity", "measured", "predicted",
                                 "low", "high", "grade");
  for (const Prediction& p : set.evaluation.predictions) text += row_line(p);
  for (const Prediction& p : set.evaluation.derived) text += row_line(p);
  return text;
}

json number_or_null(std::optional<double> value) {
  return value ? json(*value) : json(nullptr);
}

json row_json(const std::string& set, const Prediction& p) {
  json row = {{"set", set}, {"row", p.row}, {"quantity", p.quantity}, {"measured", number_or_null(p.measured)}};
  row["predicted"] = p.estimate ? json(p.estimate->value) : json(nullptr);
  row["low"] = p.estimate ? json(p.estimate->low) : json(nullptr);
  row["high"] = p.estimate ? json(p.estimate->high) : json(nullptr);
  row["grade"] = catalog::grade_name(p.grade);
  row["note"] = p.note;
  return row;
}

json fit_json(const std::string& set, const FitSummary& fit) {
  json parameters = json::array();
  for (const auto& p : fit.parameters) {
    parameters.push_back({{"name", p.name}, {"value", p.value}, {"unit", p.unit}, {"sigma", p.sigma}});
  }
  return {{"set", set}, {"unit", fit.unit}, {"law", fit.law}, {"rows", fit.num_rows}, {"parameters", std::move(parameters)}};
}

json set_json(const ValidatedSet& set, const std::string& quantity, const PredictionList& predictions) {
  json entry = {{"name", set.set.name},   {"kind", set.set.kind->name}, {"device", set.set.manifest.device},
                {"quantity", quantity},   {"unit", unit_of(quantity)},  {"n", 0},
                {"bias_pct", nullptr},    {"median_ape_pct", nullptr},  {"p90_ape_pct", nullptr},
                {"coverage_pct", nullptr}};
  if (const auto score = calibration::score(predictions)) {
    entry["n"] = score->num_rows;
    entry["bias_pct"] = score->bias_pct;
    entry["median_ape_pct"] = score->median_ape_pct;
    entry["p90_ape_pct"] = score->p90_ape_pct;
    entry["coverage_pct"] = score->coverage_pct;
  }
  if (const auto verdicts = calibration::count_verdicts(quantity, predictions)) {
    entry["verdicts"] = {{"n", verdicts->num_rows},
                         {"right", verdicts->num_right},
                         {"sure", verdicts->num_sure},
                         {"sure_right", verdicts->num_sure_right}};
  }
  if (const auto band = calibration::score_bands(predictions)) {
    entry["band_distance"] = {{"n", band->num_rows}, {"median_pct", band->median_pct}, {"p90_pct", band->p90_pct}};
  }
  // On the same rows: what the law and what the line between the fitted points reach.
  if (const auto comparison = calibration::compare_with_line(predictions)) {
    entry["interpolation"] = {{"n", comparison->num_rows},
                              {"median_ape_pct", comparison->line_median_ape_pct},
                              {"p90_ape_pct", comparison->line_p90_ape_pct},
                              {"law_median_ape_pct", comparison->law_median_ape_pct},
                              {"law_p90_ape_pct", comparison->law_p90_ape_pct}};
  }
  return entry;
}

}  // namespace

std::string report_as_text(std::span<const ValidatedSet> sets, ReportDetail detail) {
  std::string text;
  for (const ValidatedSet& set : sets) {
    std::size_t num_fit_rows = 0;
    for (const FitSummary& fit : set.evaluation.fits) num_fit_rows += fit.num_rows;
    const std::string& device = set.set.manifest.device;
    text += fmt::format("{} ({}{}{}): {} fits on {} rows; held-out rows:\n", set.folder, set.set.kind->name,
                        device.empty() ? "" : ", ", device, set.evaluation.fits.size(), num_fit_rows);
    if (detail == ReportDetail::Rows) text += rows_text(set);
    const auto& predictions = set.evaluation.predictions;
    const bool interpolated =
        std::any_of(predictions.begin(), predictions.end(), [](const Prediction& p) { return p.interpolated.has_value(); });
    const bool banded = std::any_of(predictions.begin(), predictions.end(),
                                    [](const Prediction& p) { return p.band_distance_pct.has_value(); });
    text += header_line("", kGroupWidth, interpolated, banded);
    text += summary_text(set);
  }
  return text;
}

std::string scorecard_as_text(std::span<const calibration::ScorecardSection> sections, std::span<const ValidatedSet> sets) {
  std::string text;
  for (const calibration::ScorecardSection& section : sections) {
    std::string lines;
    bool interpolated = false;
    bool banded = false;
    for (const calibration::ScorecardCase& scored : section.cases) {
      std::string_view label = scored.name;
      for (const std::string& quantity : scored.quantities) {
        const PredictionList predictions = calibration::pool(scored, quantity, sets);
        interpolated = interpolated || calibration::compare_with_line(predictions).has_value();
        banded = banded || calibration::score_bands(predictions).has_value();
        lines += scored.by_group ? lines_by_group(label, quantity, predictions)
                                 : line_or_zero(label, kCaseWidth, quantity, predictions);
        label = "";
      }
    }
    if (!text.empty()) text += "\n";
    text += header_line(section.name, kCaseWidth, interpolated, banded) + lines;
  }
  return text;
}

json report_as_json(std::span<const ValidatedSet> sets) {
  json report = {{"sets", json::array()}, {"rows", json::array()}, {"fits", json::array()}};
  for (const ValidatedSet& set : sets) {
    for (const auto& [quantity, predictions] : by_quantity(set)) report["sets"].push_back(set_json(set, quantity, predictions));
    for (const Prediction& prediction : set.evaluation.predictions)
      report["rows"].push_back(row_json(set.set.name, prediction));
    for (const FitSummary& fit : set.evaluation.fits) report["fits"].push_back(fit_json(set.set.name, fit));
  }
  return report;
}

}  // namespace labtwin::command
