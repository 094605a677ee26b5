#include "sim/output/summary_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "models/base/units.hpp"

#include "sim/output/answer.hpp"
#include "sim/output/number_text.hpp"
#include "sim/output/text_table.hpp"
#include "sim/run/aggregate.hpp"

namespace labtwin::output {
namespace {

constexpr double kSmallestShown = 0.005;  ///< blame rows below this share of both mean and tail are summed up
constexpr std::size_t kMaxAssumedShown = 6;
constexpr double kInterval = 1.645;  ///< standard deviations from the middle to the end of 90 %

std::string slo_text(const SloRow& slo) {
  const bool is_fraction = slo.metric == "failed_fraction";
  const std::string value = is_fraction ? percent(slo.value) : duration_text(slo.value);
  const std::string limit = is_fraction ? percent(slo.limit) : duration_text(slo.limit);
  if (!slo.has_value) {
    return fmt::format("MISSED  {} of {} has no value: none completed; the limit is {}\n", slo.metric, subject_text(slo),
                       limit);
  }
  return fmt::format("{}  {} of {} is {}, the limit is {}\n", slo.met ? "MET   " : "MISSED", slo.metric, subject_text(slo),
                     value, limit);
}

std::string heading(const Results& results) {
  std::string text = results.title + "\n";
  text += fmt::format("{}: {} simulated, the first {} left out, {} replication{}, seed {}\n\n", results.scenario,
                      duration_text(results.horizon_s), duration_text(results.warm_up_s), results.num_replications,
                      results.num_replications == 1 ? "" : "s", results.seed);
  for (const SloRow& slo : results.slos) text += slo_text(slo);
  if (!results.slos.empty()) text += "\n";
  for (const std::string& sentence : answer(results)) text += sentence + "\n";
  return text;
}

std::string latency_table(const Results& results) {
  TextTable table({"Latency in s", "n", "mean", "p50", "p95", "p99"});
  for (const LatencyRow& row : results.latency) {
    const std::string name = row.stage.empty() ? row.workload : "  " + row.stage;
    table.add({name, fmt::format("{}", row.n), significant(row.mean_s), significant(row.p50_s), significant(row.p95_s),
               significant(row.p99_s)});
  }
  return table.text();
}

std::string outcome_lines(const Results& results) {
  std::string text;
  for (const OutcomeRow& row : results.outcomes) {
    const std::uint64_t lost = row.rejected + row.timed_out + row.failed;
    if (lost == 0 && row.num_retries == 0) continue;
    text += fmt::format("{}: of {} requests {} completed, {} timed out, {} failed, {} were rejected; {} retries\n",
                        row.workload, row.arrived, row.completed, row.timed_out, row.failed, row.rejected, row.num_retries);
    std::vector<std::string> calls;
    if (row.num_timeouts > 0) calls.push_back(fmt::format("{} attempts timed out", row.num_timeouts));
    if (row.num_hedges > 0) calls.push_back(fmt::format("{} were hedged", row.num_hedges));
    if (row.num_open_circuit > 0) calls.push_back(fmt::format("{} met an open circuit", row.num_open_circuit));
    if (!calls.empty()) text += fmt::format("  of its calls {}\n", fmt::join(calls, ", "));
  }
  return text;
}

std::string prefix_lines(const Results& results) {
  std::string text;
  for (const OutcomeRow& row : results.outcomes) {
    if (row.prefix_hit_tokens == 0) continue;
    const double share = static_cast<double>(row.prefix_hit_tokens) / static_cast<double>(row.prompt_tokens);
    text += fmt::format("{}: {} of {} tokens of prompts were kept from before (prefix hits)\n", row.workload, percent(share),
                        row.prompt_tokens);
  }
  return text;
}

std::string stream_lines(const Results& results) {
  std::string text;
  for (const StreamRow& row : results.streams) {
    text += fmt::format(
        "{}: of {} datagrams a second {} are lost: {} on the way, {} at the link, {} at the ring of the receiver's "
        "card, {} at its socket\n",
        row.workload, significant(row.sent_per_s), percent(row.lost_fraction), percent(row.lost_on_the_way),
        percent(row.lost_at_the_link), percent(row.lost_at_the_ring), percent(row.lost_at_the_socket));
  }
  return text;
}

std::string blame_reason(const BlameRow& row) {
  if (row.kind == "service") return "at work";
  const std::string verb = row.kind == "slowdown" ? "slowed down by " : "waiting behind ";
  return verb + culprit_text(row.culprit, row.workload);
}

std::string blame_table(const Results& results) {
  std::vector<BlameRow> rows;
  for (const BlameRow& row : results.blame) {
    if (row.workload == results.workload) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const BlameRow& a, const BlameRow& b) { return a.tail_share > b.tail_share; });
  double total = 0.0;
  for (const BlameRow& row : rows) total += row.mean_s;
  TextTable table(
      {fmt::format("Where {} spends its time", with_article(results.unit_of_work)), "", "mean s", "typical", "slowest 5 %"});
  BlameRow rest;
  for (const BlameRow& row : rows) {
    if (row.mean_s < kSmallestShown * total && row.tail_share < kSmallestShown) {
      rest.mean_s += row.mean_s;
      rest.median_share += row.median_share;
      rest.tail_share += row.tail_share;
      continue;
    }
    table.add({row.resource, blame_reason(row), significant(row.mean_s), percent(row.median_share), percent(row.tail_share)});
  }
  if (rest.mean_s > 1e-6 * total) {
    table.add({"everything else", "", significant(rest.mean_s), percent(rest.median_share), percent(rest.tail_share)});
  }
  table.add({"together", "", significant(total), "", ""});
  return table.text();
}

std::string load_text(const LoadRow& load) {
  if (load.ready_s <= 0.0) return fmt::format("{}: not ready in the time simulated\n", load.service);
  return fmt::format("{}: ready after {} ({} from {})\n", load.service, duration_text(load.ready_s), size_text(load.bytes),
                     load.source);
}

std::string rebuild_text(const RebuildRow& rebuild) {
  if (rebuild.duration_s == 0.0) return fmt::format("{}: has not begun\n", rebuild.service);
  if (rebuild.progress >= 1.0) return fmt::format("{}: done after {}\n", rebuild.service, duration_text(rebuild.duration_s));
  return fmt::format("{}: {} done, {} in all if it goes on like this\n", rebuild.service, percent(rebuild.progress),
                     duration_text(rebuild.duration_s));
}

/// A job that moves bytes, or one that embeds texts.
std::string job_text(const JobRow& job) {
  const bool moves_bytes = job.read_bytes_per_s > 0.0 || job.write_bytes_per_s > 0.0;
  std::string text = fmt::format("{}: active {} of the time", job.service, percent(job.active_fraction));
  if (moves_bytes) {
    text += fmt::format(", reading {} and writing {} while active", rate_text(job.read_bytes_per_s),
                        rate_text(job.write_bytes_per_s));
  }
  text += '\n';
  if (job.num_passes > 0.0) {
    text += fmt::format("{}: {} passes over its {}, {} each\n", job.service, significant(job.num_passes),
                        moves_bytes ? "volume" : "texts", duration_text(job.pass_s));
  }
  return text;
}

std::string flash_text(const FlashRow& flash) {
  if (flash.written_bytes == 0.0) return {};
  return fmt::format("{}: {} written at random, write amplification {}\n", flash.resource, size_text(flash.written_bytes),
                     significant(flash.write_amplification));
}

std::string utilization_table(const Results& results) {
  TextTable table({"Resource", "busy", "waiting for it (mean number)"});
  for (const ResourceRow& row : results.resources) {
    table.add({row.resource, percent(row.utilization), significant(row.num_waiting_mean)});
  }
  std::string text = table.text();
  for (const JobRow& job : results.jobs) text += job_text(job);
  for (const LoadRow& load : results.loads) text += load_text(load);
  for (const RebuildRow& rebuild : results.rebuilds) text += rebuild_text(rebuild);
  for (const FlashRow& flash : results.flash) text += flash_text(flash);
  return text;
}

/// A latency of those that completed, if any did.
std::string latency_cell(double value_s, double failed_fraction) {
  return failed_fraction >= 1.0 ? "none completed" : significant(value_s);
}

/// A change; one that is rounding of the p95 it changes is none.
std::string change_text(double change_s, double p95_s) {
  return std::abs(change_s) < 1e-9 * p95_s ? "0" : fmt::format("{:+.3g}", change_s);
}

/// The columns that the scenario asks for beside the latency.
std::vector<std::string> beside_headers(const Results& results) {
  std::vector<std::string> headers;
  if (!results.beside_stage.empty()) headers.push_back("p95 of " + results.beside_stage);
  if (!results.beside_job.empty()) headers.push_back(results.beside_job);
  if (!results.beside_time_of.empty()) headers.push_back("time of " + results.beside_time_of);
  return headers;
}

std::vector<std::string> beside_cells(const Results& results, const BesideRow& row) {
  std::vector<std::string> cells;
  if (!results.beside_stage.empty()) cells.push_back(row.stage_p95_s ? duration_text(*row.stage_p95_s) : "");
  const bool moves = row.job_bytes_per_s && *row.job_bytes_per_s > 0.0;
  if (!results.beside_job.empty()) cells.push_back(moves ? rate_text(*row.job_bytes_per_s) : "off");
  if (!results.beside_time_of.empty()) cells.push_back(row.time_s ? duration_text(*row.time_s) : "");
  return cells;
}

std::vector<std::string> with(std::vector<std::string> cells, const std::vector<std::string>& more) {
  cells.insert(cells.end(), more.begin(), more.end());
  return cells;
}

std::string counterfactual_table(const Results& results) {
  if (results.counterfactuals.empty()) return {};
  const LatencyRow* now = results.find_latency(results.workload);
  TextTable table(with({fmt::format("What if (same luck; p95 of {} in s)", with_article(results.unit_of_work)), "p95", "change",
                        "90 % of change", "failed", "SLO", "cost"},
                       beside_headers(results)));
  if (now != nullptr) {
    table.add(with({"as it is", significant(now->p95_s), "", "", percent(failed_fraction(results.outcomes, results.workload)),
                    results.slos_met ? "met" : "missed", ""},
                   beside_cells(results, results.beside)));
  }
  std::vector<CounterfactualRow> rows = results.counterfactuals;
  std::stable_sort(rows.begin(), rows.end(), [](const CounterfactualRow& a, const CounterfactualRow& b) {
    return std::pair(a.failed_fraction >= 1.0, a.p95_s) < std::pair(b.failed_fraction >= 1.0, b.p95_s);
  });
  for (const CounterfactualRow& row : rows) {
    if (row.failed_fraction >= 1.0) {
      table.add(with({row.name, latency_cell(0.0, 1.0), "", "", percent(1.0), row.slos_met ? "met" : "missed", row.cost},
                     beside_cells(results, row.beside)));
      continue;
    }
    table.add(with({row.name, significant(row.p95_s), change_text(row.change_s, row.p95_s),
                    fmt::format("{} to {}", change_text(row.change_interval_s.low, row.p95_s),
                                change_text(row.change_interval_s.high, row.p95_s)),
                    percent(row.failed_fraction), row.slos_met ? "met" : "missed", row.cost},
                   beside_cells(results, row.beside)));
  }
  return table.text();
}

std::string sweep_table(const Results& results) {
  if (!results.sweep) return {};
  const std::vector<SweepRow>& points = results.sweep->points;
  const bool moves = std::any_of(points.begin(), points.end(), [](const SweepRow& row) { return row.job_bytes_per_s; });
  std::vector<std::string> headers{results.sweep->label};
  if (moves) headers.emplace_back("read + written");
  const bool struggles = std::any_of(points.begin(), points.end(),
                                     [](const SweepRow& row) { return row.failed_fraction + row.retries_per_request > 0.0; });
  headers = with(headers, {"p50", "p95", "p99"});
  if (struggles) headers = with(headers, {"failed", "retries each"});
  TextTable table(with(headers, beside_headers(results)));
  for (const SweepRow& row : points) {
    std::vector<std::string> cells{row.value};
    if (moves) cells.push_back(row.job_bytes_per_s ? rate_text(*row.job_bytes_per_s) : "");
    cells = with(cells, {latency_cell(row.p50_s, row.failed_fraction), latency_cell(row.p95_s, row.failed_fraction),
                         latency_cell(row.p99_s, row.failed_fraction)});
    if (struggles) cells = with(cells, {percent(row.failed_fraction), significant(row.retries_per_request)});
    table.add(with(cells, beside_cells(results, row.beside)));
  }
  return table.text();
}

std::string grade_lines(const Results& results) {
  static constexpr std::array<const char*, 4> kGrades{"measured", "fitted", "datasheet", "assumed"};
  std::map<std::string, std::vector<std::string>> by_grade;
  for (const ParameterRow& row : results.parameters) by_grade[row.grade].push_back(row.name);
  if (by_grade.empty()) return {};
  std::string text = "How well the inputs are known:";
  const char* separator = " ";
  for (const char* grade : kGrades) {
    if (!by_grade.contains(grade)) continue;
    text += fmt::format("{}{} {}", separator, by_grade[grade].size(), grade);
    separator = ", ";
  }
  text += ".";
  if (const auto assumed = by_grade.find("assumed"); assumed != by_grade.end()) {
    const std::size_t shown = std::min(kMaxAssumedShown, assumed->second.size());
    text += " Assumed:";
    for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? " " : ", ") + assumed->second[i];
    if (shown < assumed->second.size()) text += fmt::format(" and {} more", assumed->second.size() - shown);
    text += ".";
  }
  return text + " All values with their sources: --json.\n";
}

/// What replications draw, and how far 90 % of the draws go.
std::string draw_lines(const Results& results) {
  if (results.num_replications == 1) return {};
  std::vector<std::string> drawn;
  for (const ParameterRow& row : results.parameters) {
    if (row.sigma == 0.0) continue;
    drawn.push_back(fmt::format("{} ({} to {} {})", row.name, significant(row.value * std::exp(-kInterval * row.sigma)),
                                significant(row.value * std::exp(kInterval * row.sigma)), row.unit));
  }
  if (drawn.empty()) return {};
  return fmt::format("Drawn anew in each replication, so that intervals hold what is not known of them: {}.\n",
                     fmt::join(drawn, ", "));
}

std::string known_error_lines(const Results& results) {
  std::string text;
  std::string part;
  for (const KnownErrorRow& row : results.known_errors) {
    const bool is_first = row.part != part;
    part = row.part;
    if (is_first) {
      text += fmt::format(
          "{}How far the model is from runs measured on {} that it was not fitted to, at most (median, 90th percentile):",
          text.empty() ? "" : ".\n", part);
    }
    text += fmt::format("{} {} {:.2g} and {:.2g} %", is_first ? "" : ",", row.quantity, row.median_ape_pct, row.p90_ape_pct);
  }
  return text.empty() ? text : text + ". Row by row: labtwin validate.\n";
}

}  // namespace

std::string summary_text(const Results& results) {
  std::string text = heading(results);
  for (const std::string& part :
       {latency_table(results) + outcome_lines(results) + prefix_lines(results) + stream_lines(results), blame_table(results),
        utilization_table(results), counterfactual_table(results), sweep_table(results),
        grade_lines(results) + draw_lines(results) + known_error_lines(results)}) {
    if (!part.empty()) text += "\n" + part;
  }
  for (const std::string& warning : results.warnings) text += "note: " + warning + "\n";
  return text;
}

}  // namespace labtwin::output
