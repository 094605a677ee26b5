#include "sim/run/aggregate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

namespace labtwin {
namespace {

/// 95th percentile of Student's t for 1, 2, ... degrees of freedom; the normal value beyond.
constexpr std::array<double, 30> kStudent95{6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812,
                                            1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740, 1.734, 1.729, 1.725,
                                            1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697};
constexpr double kNormal95 = 1.645;

double count_of(const RunSummary& run, const std::string& workload) {
  const LatencyRow* row = find_latency(run.latency, workload);
  return row == nullptr ? 0.0 : static_cast<double>(row->n);
}

/// Averages over the replications in which the workload or stage completed anything.
void merge_latency(std::span<const RunSummary> runs, RunSummary& merged) {
  for (const RunSummary& run : runs) {
    for (const LatencyRow& row : run.latency) {
      if (find_latency(merged.latency, row.workload, row.stage) == nullptr) {
        merged.latency.push_back({.workload = row.workload, .stage = row.stage});
      }
    }
  }
  for (LatencyRow& total : merged.latency) {
    double num_runs = 0.0;
    double weighted_mean = 0.0;
    for (const RunSummary& run : runs) {
      const LatencyRow* row = find_latency(run.latency, total.workload, total.stage);
      if (row == nullptr || row->n == 0) continue;
      num_runs += 1.0;
      total.n += row->n;
      weighted_mean += row->mean_s * static_cast<double>(row->n);
      total.p50_s += row->p50_s;
      total.p95_s += row->p95_s;
      total.p99_s += row->p99_s;
      total.tail_mean_s += row->tail_mean_s;
    }
    if (num_runs == 0.0) continue;
    total.mean_s = weighted_mean / static_cast<double>(total.n);
    for (double* value : {&total.p50_s, &total.p95_s, &total.p99_s, &total.tail_mean_s}) *value /= num_runs;
  }
}

void merge_blame(std::span<const RunSummary> runs, RunSummary& merged) {
  const auto same = [](const BlameRow& a, const BlameRow& b) {
    return std::tie(a.workload, a.resource, a.kind, a.culprit) == std::tie(b.workload, b.resource, b.kind, b.culprit);
  };
  for (const RunSummary& run : runs) {
    for (const BlameRow& row : run.blame) {
      const double weight = count_of(run, row.workload) / static_cast<double>(find_latency(merged.latency, row.workload)->n);
      auto total = std::find_if(merged.blame.begin(), merged.blame.end(), [&](const BlameRow& b) { return same(row, b); });
      if (total == merged.blame.end()) {
        merged.blame.push_back({.workload = row.workload, .resource = row.resource, .kind = row.kind, .culprit = row.culprit});
        total = merged.blame.end() - 1;
      }
      total->mean_s += weight * row.mean_s;
      total->median_share += weight * row.median_share;
      total->tail_share += weight * row.tail_share;
    }
  }
}

void merge_outcomes(std::span<const RunSummary> runs, RunSummary& merged) {
  merged.outcomes = runs.front().outcomes;
  for (const RunSummary& run : runs.subspan(1)) {
    for (std::size_t i = 0; i < run.outcomes.size(); ++i) {
      OutcomeRow& total = merged.outcomes[i];
      const OutcomeRow& row = run.outcomes[i];
      total.arrived += row.arrived;
      total.completed += row.completed;
      total.rejected += row.rejected;
      total.timed_out += row.timed_out;
      total.failed += row.failed;
      total.in_system += row.in_system;
      total.num_retries += row.num_retries;
      total.num_timeouts += row.num_timeouts;
      total.num_hedges += row.num_hedges;
      total.num_open_circuit += row.num_open_circuit;
      total.prompt_tokens += row.prompt_tokens;
      total.prefix_hit_tokens += row.prefix_hit_tokens;
    }
  }
}

void merge_resources(std::span<const RunSummary> runs, RunSummary& merged) {
  const double share = 1.0 / static_cast<double>(runs.size());
  merged.resources = runs.front().resources;
  merged.jobs = runs.front().jobs;
  for (JobRow& row : merged.jobs) row.pass_s *= row.num_passes;
  merged.rebuilds = runs.front().rebuilds;
  for (const RunSummary& run : runs.subspan(1)) {
    for (std::size_t i = 0; i < run.resources.size(); ++i) {
      merged.resources[i].utilization += run.resources[i].utilization;
      merged.resources[i].num_waiting_mean += run.resources[i].num_waiting_mean;
    }
    for (std::size_t i = 0; i < run.jobs.size(); ++i) {
      merged.jobs[i].active_fraction += run.jobs[i].active_fraction;
      merged.jobs[i].read_bytes_per_s += run.jobs[i].read_bytes_per_s;
      merged.jobs[i].write_bytes_per_s += run.jobs[i].write_bytes_per_s;
      merged.jobs[i].num_passes += run.jobs[i].num_passes;
      merged.jobs[i].pass_s += run.jobs[i].pass_s * run.jobs[i].num_passes;
    }
    for (std::size_t i = 0; i < run.rebuilds.size(); ++i) {
      merged.rebuilds[i].progress += run.rebuilds[i].progress;
      merged.rebuilds[i].duration_s += run.rebuilds[i].duration_s;
    }
  }
  for (RebuildRow& row : merged.rebuilds) {
    row.progress *= share;
    row.duration_s *= share;
  }
  for (ResourceRow& row : merged.resources) {
    row.utilization *= share;
    row.num_waiting_mean *= share;
  }
  for (JobRow& row : merged.jobs) {
    row.active_fraction *= share;
    row.read_bytes_per_s *= share;
    row.write_bytes_per_s *= share;
    if (row.num_passes > 0.0) row.pass_s /= row.num_passes;
    row.num_passes *= share;
  }
}

void merge_streams(std::span<const RunSummary> runs, RunSummary& merged) {
  merged.streams = runs.front().streams;
  const double share = 1.0 / static_cast<double>(runs.size());
  for (std::size_t i = 0; i < merged.streams.size(); ++i) {
    for (double StreamRow::*value :
         {&StreamRow::sent_per_s, &StreamRow::lost_fraction, &StreamRow::lost_on_the_way, &StreamRow::lost_at_the_link,
          &StreamRow::lost_at_the_ring, &StreamRow::lost_at_the_socket}) {
      double sum = 0.0;
      for (const RunSummary& run : runs) sum += run.streams[i].*value;
      merged.streams[i].*value = sum * share;
    }
  }
}

/// Bytes that the flash wrote over bytes that the host did, in all replications together.
void merge_flash(std::span<const RunSummary> runs, RunSummary& merged) {
  merged.flash = runs.front().flash;
  for (std::size_t i = 0; i < merged.flash.size(); ++i) {
    double written = 0.0;
    double on_flash = 0.0;
    for (const RunSummary& run : runs) {
      written += run.flash[i].written_bytes;
      on_flash += run.flash[i].written_bytes * run.flash[i].write_amplification;
    }
    merged.flash[i].written_bytes = written / static_cast<double>(runs.size());
    merged.flash[i].write_amplification = written > 0.0 ? on_flash / written : 1.0;
  }
}

/// Averages over the replications in which the server became ready.
void merge_loads(std::span<const RunSummary> runs, RunSummary& merged) {
  merged.loads = runs.front().loads;
  for (std::size_t i = 0; i < merged.loads.size(); ++i) {
    double num_ready = 0.0;
    double sum = 0.0;
    for (const RunSummary& run : runs) {
      if (run.loads[i].ready_s <= 0.0) continue;
      num_ready += 1.0;
      sum += run.loads[i].ready_s;
    }
    merged.loads[i].ready_s = num_ready > 0.0 ? sum / num_ready : 0.0;
  }
}

}  // namespace

Interval difference_interval(std::span<const double> values) {
  if (values.empty()) return {};
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() == 1) return {mean, mean};
  double squares = 0.0;
  for (double value : values) squares += (value - mean) * (value - mean);
  const std::size_t freedom = values.size() - 1;
  const double quantile = freedom <= kStudent95.size() ? kStudent95[freedom - 1] : kNormal95;
  const double half = quantile * std::sqrt(squares / (n - 1.0) * (1.0 + 1.0 / n));
  return {mean - half, mean + half};
}

Interval time_interval(std::span<const double> values) {
  if (!std::all_of(values.begin(), values.end(), [](double value) { return value > 0.0; })) return difference_interval(values);
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  const Interval interval = difference_interval(logs);
  return {std::exp(interval.low), std::exp(interval.high)};
}

Interval change_interval(std::span<const double> before, std::span<const double> after) {
  const auto is_time = [](double value) { return value > 0.0; };
  const bool are_times = std::all_of(before.begin(), before.end(), is_time) && std::all_of(after.begin(), after.end(), is_time);
  std::vector<double> changes;
  for (std::size_t i = 0; i < before.size(); ++i) {
    changes.push_back(are_times ? std::log(after[i] / before[i]) : after[i] - before[i]);
  }
  const Interval interval = difference_interval(changes);
  if (!are_times) return interval;
  const double mean = std::accumulate(before.begin(), before.end(), 0.0) / static_cast<double>(before.size());
  return {mean * std::expm1(interval.low), mean * std::expm1(interval.high)};
}

const LatencyRow* find_latency(const std::vector<LatencyRow>& rows, const std::string& workload, const std::string& stage) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const LatencyRow& row) { return row.workload == workload && row.stage == stage; });
  return found == rows.end() ? nullptr : &*found;
}

const LatencyRow* Results::find_latency(const std::string& name, const std::string& stage) const {
  return labtwin::find_latency(latency, name, stage);
}

std::vector<double> p95_by_replication(std::span<const RunSummary> replications, const std::string& workload) {
  std::vector<double> values;
  for (const RunSummary& run : replications) {
    const LatencyRow* row = find_latency(run.latency, workload);
    values.push_back(row == nullptr ? 0.0 : row->p95_s);
  }
  return values;
}

double failed_fraction(const std::vector<OutcomeRow>& rows, const std::string& workload) {
  for (const OutcomeRow& row : rows) {
    if (row.workload != workload) continue;
    const std::uint64_t failed = row.rejected + row.timed_out + row.failed;
    const std::uint64_t finished = failed + row.completed;
    return finished == 0 ? 0.0 : static_cast<double>(failed) / static_cast<double>(finished);
  }
  return 0.0;
}

RunSummary merge(std::span<const RunSummary> replications) {
  RunSummary merged;
  merged.variant = replications.front().variant;
  merged.measured_s = replications.front().measured_s;
  merged.requests = replications.front().requests;
  for (const RunSummary& run : replications) {
    merged.num_events += run.num_events;
    for (const std::string& warning : run.warnings) {
      if (std::find(merged.warnings.begin(), merged.warnings.end(), warning) == merged.warnings.end()) {
        merged.warnings.push_back(warning);
      }
    }
  }
  merge_latency(replications, merged);
  merge_blame(replications, merged);
  merge_outcomes(replications, merged);
  merge_resources(replications, merged);
  merge_loads(replications, merged);
  merge_flash(replications, merged);
  merge_streams(replications, merged);
  return merged;
}

}  // namespace labtwin
