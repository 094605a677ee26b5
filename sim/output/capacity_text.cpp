#include "sim/output/capacity_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/output/answer.hpp"
#include "sim/output/number_text.hpp"
#include "sim/output/text_table.hpp"

namespace labtwin::output {
namespace {

/// A load as a reader says it; rates below one a second by the hour.
std::string load_text(const Capacity& capacity, double load) {
  if (capacity.unit == "users") return fmt::format("{:.0f}", load);
  if (capacity.unit == "x") return fmt::format("{}x", significant(load));
  return load >= 1.0 ? fmt::format("{} /s", significant(load)) : fmt::format("{} /h", significant(3600.0 * load));
}

std::string load_with_unit(const Capacity& capacity, double load) {
  if (capacity.unit == "users") return fmt::format("{:.0f} user{}", load, load == 1.0 ? "" : "s");
  if (capacity.unit == "x") return fmt::format("the trace at {} times its speed", significant(load));
  return load_text(capacity, load);
}

std::string value_text(const SloRow& slo, double value) {
  return slo.metric == "failed_fraction" ? percent(value) : duration_text(value);
}

std::string objective_text(const SloRow& slo) {
  return fmt::format("{} of {} at most {}", slo.metric, subject_text(slo), value_text(slo, slo.limit));
}

std::string objectives_text(const Capacity& capacity) {
  std::string text;
  for (const SloRow& slo : capacity.slos) text += (text.empty() ? "" : ", ") + objective_text(slo);
  return text;
}

std::string break_text(const CapacityBreak& broken) {
  std::string text;
  for (const SloRow& slo : broken.slos) {
    text += fmt::format("{}{}{} {}", text.empty() ? "" : ", ", slo.metric, slo.stage.empty() ? "" : " of " + slo.stage,
                        slo.has_value ? value_text(slo, slo.value) : "without any that completed");
  }
  return text;
}

std::string cause_text(const CapacityBreak& broken) {
  if (broken.slos.empty()) return {};
  const std::string& workload = broken.slos.front().workload;
  const auto cause = find_tail_cause(broken.blame, workload);
  if (!cause) return "work itself, no waiting";
  return fmt::format("{} {} behind {}", percent(cause->delay_share()), delay_text(*cause),
                     culprit_text(cause->culprit, workload));
}

std::string interval_text(const Capacity& capacity, const CapacityRow& row) {
  if (capacity.num_replications == 1) return {};
  return fmt::format("{} to {}", load_text(capacity, row.interval.low), load_text(capacity, row.interval.high));
}

std::string headline(const Capacity& capacity) {
  const CapacityRow& now = capacity.rows.front();
  if (now.is_bound) {
    return fmt::format("{} and no objective breaks; the search went no further (--most).", load_with_unit(capacity, now.load));
  }
  std::string text = now.load > 0.0 ? fmt::format("It bears {}", load_with_unit(capacity, now.load))
                                    : fmt::format("It does not bear even {}", load_with_unit(capacity, now.broken->load));
  if (capacity.num_replications > 1 && now.load > 0.0) {
    text += fmt::format(" (90 % of replications: {})", interval_text(capacity, now));
  }
  return fmt::format("{}. At {}: {}; of the slowest 5 %, {}.", text, load_with_unit(capacity, now.broken->load),
                     break_text(*now.broken), cause_text(*now.broken));
}

void add_row(const Capacity& capacity, const CapacityRow& row, TextTable& table) {
  const std::string load = row.load > 0.0 ? load_text(capacity, row.load) : "none";
  table.add({row.name.empty() ? "as it is" : row.name, row.is_bound ? "at least " + load : load, interval_text(capacity, row),
             row.broken ? fmt::format("at {}: {}", load_text(capacity, row.broken->load), break_text(*row.broken)) : "",
             row.broken ? cause_text(*row.broken) : "", row.cost});
}

}  // namespace

std::string capacity_text(const Capacity& capacity) {
  std::string text = fmt::format("{}\n{}: how much load {} may bring with {}\n\n{}\n", capacity.title, capacity.scenario,
                                 capacity.workload, objectives_text(capacity), headline(capacity));
  if (capacity.rows.size() == 1) return text;
  std::vector<CapacityRow> what_ifs(capacity.rows.begin() + 1, capacity.rows.end());
  std::stable_sort(what_ifs.begin(), what_ifs.end(),
                   [](const CapacityRow& a, const CapacityRow& b) { return a.load > b.load; });
  TextTable table({capacity.unit == "users" ? "Users" : "Load", "bears", "90 %", "what breaks", "its slowest 5 %", "cost"});
  add_row(capacity, capacity.rows.front(), table);
  for (const CapacityRow& row : what_ifs) add_row(capacity, row, table);
  return text + "\n" + table.text();
}

std::string capacity_json(const Capacity& capacity) {
  using nlohmann::json;
  const auto slos_json = [](const std::vector<SloRow>& slos) {
    json rows = json::array();
    for (const SloRow& slo : slos) {
      rows.push_back({{"workload", slo.workload},
                      {"stage", slo.stage},
                      {"metric", slo.metric},
                      {"limit", slo.limit},
                      {"value", slo.value}});
    }
    return rows;
  };
  json rows = json::array();
  for (const CapacityRow& row : capacity.rows) {
    json object = {{"name", row.name},
                   {"load", row.load},
                   {"interval", {row.interval.low, row.interval.high}},
                   {"is_bound", row.is_bound}};
    if (!row.cost.empty()) object["cost"] = row.cost;
    if (row.broken) object["breaks"] = {{"load", row.broken->load}, {"slos", slos_json(row.broken->slos)}};
    rows.push_back(std::move(object));
  }
  const json document = {{"scenario", capacity.scenario},    {"title", capacity.title},
                         {"workload", capacity.workload},    {"unit", capacity.unit},
                         {"slos", slos_json(capacity.slos)}, {"replications", capacity.num_replications},
                         {"loads", capacity.num_loads},      {"rows", std::move(rows)}};
  return document.dump(2) + "\n";
}

}  // namespace labtwin::output
