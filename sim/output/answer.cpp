#include "sim/output/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/output/number_text.hpp"

namespace labtwin::output {
namespace {

constexpr double kWorthNaming = 0.05;
constexpr double kCure = -0.1;  ///< relative change of p95 from which a what-if counts as a cure
constexpr std::size_t kMaxCures = 3;

const CounterfactualRow* without(const Results& results, const std::string& service) {
  const auto found = std::find_if(results.counterfactuals.begin(), results.counterfactuals.end(),
                                  [&](const CounterfactualRow& row) { return !service.empty() && row.removes == service; });
  return found == results.counterfactuals.end() ? nullptr : &*found;
}

/// The share of failures that the scenario allows, or one in a hundred.
double allowed_failures(const Results& results) {
  constexpr double kUsual = 0.01;
  for (const SloRow& slo : results.slos) {
    if (slo.workload == results.workload && slo.metric == "failed_fraction") return slo.limit;
  }
  return kUsual;
}

/// From which value of the sweep on, or up to which, more fail than the scenario allows. Empty if that is all of them, or none,
/// or changes more than once.
std::string breaking_point_sentence(const Results& results) {
  if (!results.sweep || results.sweep->points.size() < 2) return {};
  const std::vector<SweepRow>& points = results.sweep->points;
  const auto fails = [limit = allowed_failures(results)](const SweepRow& row) { return row.failed_fraction > limit; };
  const bool at_the_end = fails(points.back());
  const auto change =
      std::find_if(points.begin(), points.end(), [&](const SweepRow& row) { return fails(row) != fails(points.front()); });
  if (change == points.end()) return {};
  if (!std::all_of(change, points.end(), [&](const SweepRow& row) { return fails(row) == at_the_end; })) return {};
  const SweepRow& first = at_the_end ? *change : *std::prev(change);
  const SweepRow& worst = at_the_end ? points.back() : points.front();
  std::string text = fmt::format("{} {} ({}), {} of {} fail", at_the_end ? "From" : "Up to", first.value, results.sweep->label,
                                 percent(first.failed_fraction), plural(results.unit_of_work));
  if (at_the_end) text.insert(text.find(" ("), " on");
  if (&worst != &first) text += fmt::format(", at {} {}", worst.value, percent(worst.failed_fraction));
  return text + ".";
}

std::string interval_text(const Interval& interval) {
  const std::string high = duration_text(interval.high);
  std::string low = duration_text(std::max(0.0, interval.low));
  // The unit once, where it is the same.
  const std::string unit = high.substr(high.find(' '));
  const bool is_same = low.ends_with(unit) && low.find(' ') + unit.size() == low.size();
  if (is_same) low.resize(low.size() - unit.size());
  return fmt::format("{} to {}", low, high);
}

std::string headline(const Results& results, const LatencyRow& now, const std::optional<TailFinding>& cause,
                     const CounterfactualRow* quiet) {
  const bool has_interval = results.num_replications > 1;
  const std::string interval = has_interval ? fmt::format(" (90 % interval {})", interval_text(results.p95_interval_s)) : "";
  if (quiet != nullptr) {
    return fmt::format("With {} on {}, the 95th percentile of {} goes from {} to {}{}.", cause->culprit, cause->resource,
                       with_article(results.unit_of_work), duration_text(quiet->p95_s), duration_text(now.p95_s), interval);
  }
  return fmt::format("The 95th percentile of {} is {}{}.", with_article(results.unit_of_work), duration_text(now.p95_s),
                     interval);
}

std::string tail_sentence(const Results& results, const TailFinding& cause) {
  return fmt::format("Of the slowest 5 % of these, {} of the time is {}, {} of it behind {}.", percent(cause.delay_share()),
                     delay_text(cause), percent(cause.culprit_share), culprit_text(cause.culprit, results.workload));
}

std::string cure_sentence(const Results& results, const LatencyRow& now) {
  std::vector<const CounterfactualRow*> cures;
  for (const CounterfactualRow& row : results.counterfactuals) {
    const bool completes = row.failed_fraction < 1.0;
    if (row.removes.empty() && completes && now.p95_s > 0.0 && row.change_s / now.p95_s < kCure) cures.push_back(&row);
  }
  if (cures.empty()) return {};
  std::stable_sort(cures.begin(), cures.end(),
                   [](const CounterfactualRow* a, const CounterfactualRow* b) { return a->p95_s < b->p95_s; });
  if (cures.size() > kMaxCures) cures.resize(kMaxCures);
  std::string text = "What helps most: ";
  for (std::size_t i = 0; i < cures.size(); ++i) {
    if (i > 0) text += i + 1 == cures.size() ? " and " : ", ";
    text += fmt::format("{} ({})", cures[i]->name, duration_text(cures[i]->p95_s));
  }
  return text + ".";
}

}  // namespace

std::string delay_text(const TailFinding& finding) {
  constexpr double kNearlyAll = 0.9;
  if (finding.waiting_share >= kNearlyAll * finding.delay_share()) return fmt::format("waiting for {}", finding.resource);
  if (finding.slowed_share >= kNearlyAll * finding.delay_share()) return fmt::format("slowed at {}", finding.resource);
  return fmt::format("waiting for and slowed at {}", finding.resource);
}

std::string culprit_text(const std::string& culprit, const std::string& workload) {
  return culprit == workload ? "one another" : culprit;
}

std::string subject_text(const SloRow& slo) {
  return slo.stage.empty() ? slo.workload : fmt::format("{} of {}", slo.stage, slo.workload);
}

std::optional<TailFinding> find_tail_cause(const std::vector<BlameRow>& blame, const std::string& workload) {
  struct Delay {
    double waiting = 0.0;
    double slowed = 0.0;
    [[nodiscard]] double sum() const noexcept { return waiting + slowed; }
  };
  std::map<std::string, Delay> by_resource;
  for (const BlameRow& row : blame) {
    if (row.workload != workload || row.kind == "service") continue;
    Delay& delay = by_resource[row.resource];
    (row.kind == "slowdown" ? delay.slowed : delay.waiting) += row.tail_share;
  }
  const auto worst = std::max_element(by_resource.begin(), by_resource.end(),
                                      [](const auto& a, const auto& b) { return a.second.sum() < b.second.sum(); });
  if (worst == by_resource.end() || worst->second.sum() < kWorthNaming) return std::nullopt;
  std::map<std::string, double> by_culprit;
  for (const BlameRow& row : blame) {
    if (row.workload == workload && row.kind != "service" && row.resource == worst->first) {
      by_culprit[row.culprit] += row.tail_share;
    }
  }
  const auto most =
      std::max_element(by_culprit.begin(), by_culprit.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return TailFinding{.resource = worst->first,
                     .waiting_share = worst->second.waiting,
                     .slowed_share = worst->second.slowed,
                     .culprit = most->first,
                     .culprit_share = most->second / worst->second.sum()};
}

std::vector<std::string> answer(const Results& results) {
  const LatencyRow* now = results.find_latency(results.workload);
  if (now == nullptr || now->n == 0) return {fmt::format("No {} completed in the time simulated.", results.unit_of_work)};
  const auto cause = find_tail_cause(results.blame, results.workload);
  const CounterfactualRow* quiet = cause ? without(results, cause->culprit) : nullptr;
  std::vector<std::string> sentences{headline(results, *now, cause, quiet)};
  if (std::string point = breaking_point_sentence(results); !point.empty()) {
    sentences.insert(quiet != nullptr ? sentences.end() : sentences.begin(), std::move(point));
  }
  if (cause) sentences.push_back(tail_sentence(results, *cause));
  if (std::string cures = cure_sentence(results, *now); !cures.empty()) sentences.push_back(std::move(cures));
  return sentences;
}

}  // namespace labtwin::output
