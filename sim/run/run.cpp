#include "sim/run/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "models/base/error.hpp"
#include "sim/run/aggregate.hpp"
#include "sim/run/request.hpp"
#include "sim/run/results_json.hpp"
#include "sim/scenario/inputs.hpp"
#include "sim/scenario/variants.hpp"

namespace labtwin {
namespace {

/// The runs of one variant, by replication.
using Replications = std::vector<RunSummary>;

SimulateRequest make_request(const ScenarioSource& source, const Scenario& scenario, const RunOptions& options) {
  SimulateRequest request;
  request.source = source;
  request.variants.emplace_back();
  if (options.with_what_ifs) {
    for (const Variant& variant : variants_of(scenario)) request.variants.push_back(variant.overrides);
  }
  request.num_replications = options.replications.value_or(static_cast<std::uint32_t>(scenario.replications));
  request.keep_requests = options.keep_requests;
  request.parallel = options.parallel;
  return request;
}

std::vector<Replications> run_all(const SimulateRequest& request, const RunOptions& options) {
  std::vector<Replications> runs(request.variants.size(), Replications(request.num_replications));
  RunProgress progress{.num_finished = 0, .num_runs = request.variants.size() * request.num_replications};
  const bool finished = converse_with_worker(to_json(request), options.worker, [&](std::string_view line) {
    if (const std::string message = error_of_line(line); !message.empty()) throw WorkerError(message);
    RunSummary summary = run_summary_from_json(line);
    LABTWIN_CHECK(summary.variant < runs.size() && summary.replication < request.num_replications, "a run nobody asked for");
    runs[summary.variant][summary.replication] = std::move(summary);
    ++progress.num_finished;
    if (options.on_progress) options.on_progress(progress);
  });
  if (!finished) {
    throw Interrupted(fmt::format("stopped: {} of {} runs had finished", progress.num_finished, progress.num_runs));
  }
  if (progress.num_finished != progress.num_runs) throw WorkerError("the simulation worker ended before all runs had");
  return runs;
}

double metric_value(const RunSummary& merged, const Slo& slo) {
  if (slo.metric == SloMetric::FailedFraction) return failed_fraction(merged.outcomes, slo.workload);
  const LatencyRow* row = find_latency(merged.latency, slo.workload, slo.stage);
  if (row == nullptr) return 0.0;
  switch (slo.metric) {
    case SloMetric::Mean:
      return row->mean_s;
    case SloMetric::P50:
      return row->p50_s;
    case SloMetric::P95:
      return row->p95_s;
    case SloMetric::P99:
      return row->p99_s;
    case SloMetric::FailedFraction:
      break;
  }
  return 0.0;
}

/// A latency objective of a workload that completed nothing is missed: there is nothing that could have met it.
std::vector<SloRow> judge(const Scenario& scenario, const RunSummary& merged) {
  std::vector<SloRow> rows;
  for (const Slo& slo : scenario.slos) {
    const LatencyRow* latency = find_latency(merged.latency, slo.workload, slo.stage);
    const bool has_value = slo.metric == SloMetric::FailedFraction || (latency != nullptr && latency->n > 0);
    const double value = metric_value(merged, slo);
    rows.push_back({.workload = slo.workload,
                    .stage = slo.stage,
                    .metric = std::string(metric_name(slo.metric)),
                    .limit = slo.limit,
                    .value = value,
                    .has_value = has_value,
                    .met = has_value && value <= slo.limit});
  }
  return rows;
}

bool all_met(const std::vector<SloRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const SloRow& row) { return row.met; });
}

BesideRow beside_of(const Scenario& scenario, const RunSummary& merged) {
  BesideRow row;
  if (!scenario.beside.stage.empty()) {
    const LatencyRow* latency = find_latency(merged.latency, scenario.focus, scenario.beside.stage);
    if (latency != nullptr) row.stage_p95_s = latency->p95_s;
  }
  for (const JobRow& job : merged.jobs) {
    if (job.service == scenario.beside.job) row.job_bytes_per_s = job.read_bytes_per_s + job.write_bytes_per_s;
    if (job.service == scenario.beside.time_of && job.num_passes > 0.0) row.time_s = job.pass_s;
  }
  for (const LoadRow& load : merged.loads) {
    if (load.service == scenario.beside.time_of && load.ready_s > 0.0) row.time_s = load.ready_s;
  }
  for (const RebuildRow& rebuild : merged.rebuilds) {
    if (rebuild.service == scenario.beside.time_of && rebuild.duration_s > 0.0) row.time_s = rebuild.duration_s;
  }
  return row;
}

CounterfactualRow compare(const Scenario& scenario, const WhatIf& what_if, const Replications& base, const Replications& runs) {
  const RunSummary merged = merge(runs);
  const std::vector<double> before = p95_by_replication(base, scenario.focus);
  const std::vector<double> after = p95_by_replication(runs, scenario.focus);
  double sum = 0.0;
  for (std::size_t i = 0; i < after.size(); ++i) sum += after[i] - before[i];
  CounterfactualRow row;
  row.name = what_if.name;
  row.workload = scenario.focus;
  row.cost = what_if.cost;
  row.removes = what_if.removes;
  row.p95_interval_s = time_interval(after);
  row.change_s = sum / static_cast<double>(after.size());
  row.change_interval_s = change_interval(before, after);
  row.failed_fraction = failed_fraction(merged.outcomes, scenario.focus);
  row.slos_met = all_met(judge(scenario, merged));
  row.blame = merged.blame;
  row.beside = beside_of(scenario, merged);
  if (const LatencyRow* latency = find_latency(merged.latency, scenario.focus)) {
    row.p50_s = latency->p50_s;
    row.p95_s = latency->p95_s;
    row.p99_s = latency->p99_s;
    row.tail_mean_s = latency->tail_mean_s;
  }
  return row;
}

SweepRow sweep_point(const Scenario& scenario, const std::string& workload, const std::string& value,
                     const Replications& runs) {
  const RunSummary merged = merge(runs);
  SweepRow row;
  row.value = value.starts_with('"') && value.size() >= 2 ? value.substr(1, value.size() - 2) : value;  // TOML text
  row.p95_interval_s = time_interval(p95_by_replication(runs, workload));
  row.beside = beside_of(scenario, merged);
  row.failed_fraction = failed_fraction(merged.outcomes, workload);
  for (const OutcomeRow& outcomes : merged.outcomes) {
    if (outcomes.workload != workload || outcomes.arrived == 0) continue;
    row.retries_per_request = static_cast<double>(outcomes.num_retries) / static_cast<double>(outcomes.arrived);
  }
  if (const LatencyRow* latency = find_latency(merged.latency, workload)) {
    row.p50_s = latency->p50_s;
    row.p95_s = latency->p95_s;
    row.p99_s = latency->p99_s;
  }
  for (const JobRow& job : merged.jobs) {
    if (job.service == scenario.sweep->job) row.job_bytes_per_s = job.read_bytes_per_s + job.write_bytes_per_s;
  }
  return row;
}

SweepResult collect_sweep(const Scenario& scenario, const std::vector<Replications>& runs, std::size_t first) {
  const Sweep& sweep = *scenario.sweep;
  SweepResult result;
  result.key = sweep.key;
  result.label = sweep.label;
  result.job = sweep.job;
  result.workload = sweep.workload.empty() ? scenario.focus : sweep.workload;
  for (std::size_t i = 0; i < sweep.values.size(); ++i) {
    result.points.push_back(sweep_point(scenario, result.workload, sweep.values[i], runs[first + i]));
  }
  return result;
}

/// The answer of one scenario, without what it is compared with.
Results summarise(const Scenario& scenario, const Replications& runs) {
  Results results;
  results.scenario = scenario.name;
  results.title = scenario.title.empty() ? scenario.name : scenario.title;
  results.workload = scenario.focus;
  results.unit_of_work = scenario.unit_of_work;
  results.seed = scenario.seed;
  results.version = LABTWIN_VERSION;
  results.horizon_s = scenario.horizon.value();
  results.warm_up_s = scenario.warm_up.value();
  results.num_replications = static_cast<std::uint32_t>(runs.size());
  Inputs inputs = inputs_of(scenario);
  results.parameters = std::move(inputs.parameters);
  results.known_errors = std::move(inputs.known_errors);
  results.p95_interval_s = time_interval(p95_by_replication(runs, scenario.focus));
  RunSummary merged = merge(runs);
  results.slos = judge(scenario, merged);
  results.beside_stage = scenario.beside.stage;
  results.beside_job = scenario.beside.job;
  results.beside_time_of = scenario.beside.time_of;
  results.beside = beside_of(scenario, merged);
  results.slos_met = all_met(results.slos);
  results.num_replications_met = static_cast<std::uint32_t>(
      std::count_if(runs.begin(), runs.end(), [&](const RunSummary& run) { return all_met(judge(scenario, run)); }));
  results.latency = std::move(merged.latency);
  results.blame = std::move(merged.blame);
  results.outcomes = std::move(merged.outcomes);
  results.resources = std::move(merged.resources);
  results.jobs = std::move(merged.jobs);
  results.loads = std::move(merged.loads);
  results.rebuilds = std::move(merged.rebuilds);
  results.flash = std::move(merged.flash);
  results.streams = std::move(merged.streams);
  results.warnings = std::move(merged.warnings);
  results.requests = std::move(merged.requests);
  return results;
}

/// Reads every point; throws ConfigError with the mistakes of all of them.
std::vector<Scenario> read_points(const ScenarioSource& source, std::span<const std::vector<Override>> points) {
  std::vector<Scenario> scenarios;
  DiagnosticSink sink;
  for (const std::vector<Override>& point : points) {
    ScenarioSource changed = source;
    changed.overrides.insert(changed.overrides.end(), point.begin(), point.end());
    try {
      scenarios.push_back(Scenario::read_alone(changed));
    } catch (const ConfigError& error) {
      sink.add(error);
    }
  }
  sink.throw_if_any();
  return scenarios;
}

}  // namespace

Results run(const ScenarioSource& source, const RunOptions& options) {
  const Scenario scenario = options.with_what_ifs ? Scenario::read(source) : Scenario::read_alone(source);
  const SimulateRequest request = make_request(source, scenario, options);
  const std::vector<Replications> runs = run_all(request, options);

  Results results = summarise(scenario, runs.front());
  if (!options.with_what_ifs) return results;
  for (std::size_t i = 0; i < scenario.what_ifs.size(); ++i) {
    results.counterfactuals.push_back(compare(scenario, scenario.what_ifs[i], runs.front(), runs[1 + i]));
  }
  if (scenario.sweep) results.sweep = collect_sweep(scenario, runs, 1 + scenario.what_ifs.size());
  return results;
}

std::vector<Results> run_points(const ScenarioSource& source, std::span<const std::vector<Override>> points,
                                const RunOptions& options) {
  const std::vector<Scenario> scenarios = read_points(source, points);
  if (scenarios.empty()) return {};
  RunOptions alone = options;
  alone.with_what_ifs = false;
  SimulateRequest request = make_request(source, scenarios.front(), alone);
  request.variants.assign(points.begin(), points.end());
  const std::vector<Replications> runs = run_all(request, alone);
  std::vector<Results> results;
  for (std::size_t i = 0; i < scenarios.size(); ++i) results.push_back(summarise(scenarios[i], runs[i]));
  return results;
}

}  // namespace labtwin
