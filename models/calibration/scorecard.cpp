#include "models/calibration/scorecard.hpp"

#include <algorithm>

#include "models/base/table_reader.hpp"

namespace labtwin::calibration {
namespace {

RowFilter read_filter(TableReader& scored, std::string_view key) {
  RowFilter filter;
  auto table = scored.optional_table(key);
  if (!table) return filter;
  for (const std::string& column : table->keys()) filter.emplace(column, table->list<std::string>(column));
  return filter;
}

ScorecardCase read_case(TableReader table) {
  ScorecardCase scored;
  scored.name = table.required<std::string>("name");
  scored.sets = table.list<std::string>("sets");
  scored.where = read_filter(table, "where");
  scored.except = read_filter(table, "except");
  scored.quantities = table.list<std::string>("quantities");
  scored.by_group = table.value_or("by_group", false);
  if (scored.sets.empty()) table.fail("sets", "must name a measurement set, as DEVICE/SET");
  if (scored.quantities.empty()) table.fail("quantities", "must name what is scored");
  return scored;
}

// A star at either end, or at both, stands for anything.
bool matches(std::string_view text, std::string_view pattern) {
  const bool open_front = pattern.starts_with('*');
  const bool open_end = pattern.size() > 1 && pattern.ends_with('*');
  pattern.remove_prefix(open_front ? 1 : 0);
  pattern.remove_suffix(open_end ? 1 : 0);
  if (open_front && open_end) return text.find(pattern) != std::string_view::npos;
  if (open_front) return text.ends_with(pattern);
  return open_end ? text.starts_with(pattern) : text == pattern;
}

bool matches_any(std::string_view text, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return matches(text, pattern); });
}

bool holds(const RowFilter::value_type& condition, const MeasurementTable& table, const Prediction& prediction) {
  const auto& [column, allowed] = condition;
  return matches_any(column == "group" ? prediction.group : table.text(prediction.row - 1, column), allowed);
}

bool belongs(const ScorecardCase& scored, const MeasurementTable& table, const Prediction& prediction) {
  const auto holds_here = [&](const auto& condition) { return holds(condition, table, prediction); };
  return std::all_of(scored.where.begin(), scored.where.end(), holds_here) &&
         std::none_of(scored.except.begin(), scored.except.end(), holds_here);
}

}  // namespace

GroupedPredictions part_by_group(std::span<const Prediction* const> predictions) {
  GroupedPredictions groups;
  for (const Prediction* prediction : predictions) groups[prediction->group].push_back(prediction);
  return groups;
}

std::vector<ScorecardSection> read_scorecard(const std::filesystem::path& file) {
  const Document document = Document::read(file);
  DiagnosticSink sink;
  TableReader root(document, sink);
  std::vector<ScorecardSection> sections;
  for (TableReader& table : root.tables("section")) {
    ScorecardSection section{.name = table.required<std::string>("name"), .cases = {}};
    for (TableReader& scored : table.tables("case")) section.cases.push_back(read_case(std::move(scored)));
    sections.push_back(std::move(section));
  }
  root.finish();
  sink.throw_if_any();
  return sections;
}

std::vector<const Prediction*> pool(const ScorecardCase& scored, std::string_view quantity,
                                    std::span<const ValidatedSet> sets) {
  std::vector<const Prediction*> pooled;
  for (const ValidatedSet& set : sets) {
    if (!matches_any(set.folder, scored.sets)) continue;
    for (const auto* predictions : {&set.evaluation.predictions, &set.evaluation.derived}) {
      for (const Prediction& prediction : *predictions) {
        if (prediction.quantity == quantity && belongs(scored, set.set.table, prediction)) pooled.push_back(&prediction);
      }
    }
  }
  return pooled;
}

}  // namespace labtwin::calibration
