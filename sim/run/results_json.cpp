#include "sim/run/results_json.hpp"

#include <nlohmann/json.hpp>

#include "models/base/error.hpp"

namespace labtwin {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LatencyRow, workload, stage, n, mean_s, p50_s, p95_s, p99_s, tail_mean_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BlameRow, workload, resource, kind, culprit, mean_s, median_share, tail_share)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OutcomeRow, workload, arrived, completed, rejected, timed_out, failed, in_system,
                                   num_retries, num_timeouts, num_hedges, num_open_circuit, prompt_tokens, prefix_hit_tokens)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ResourceRow, resource, utilization, num_waiting_mean)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JobRow, service, active_fraction, read_bytes_per_s, write_bytes_per_s, num_passes, pass_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LoadRow, service, source, bytes, ready_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RebuildRow, service, progress, duration_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FlashRow, resource, written_bytes, write_amplification)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StreamRow, workload, sent_per_s, lost_fraction, lost_on_the_way, lost_at_the_link,
                                   lost_at_the_ring, lost_at_the_socket)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunSummary, variant, replication, measured_s, num_events, latency, blame, outcomes,
                                   resources, jobs, loads, rebuilds, flash, streams, warnings, requests)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SloRow, workload, stage, metric, limit, value, has_value, met)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ParameterRow, name, value, unit, grade, source, sigma)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(KnownErrorRow, part, set, quantity, median_ape_pct, p90_ape_pct)

namespace {

json interval_json(const Interval& interval) {
  return json::array({interval.low, interval.high});
}

json percentiles_json(const LatencyRow& row) {
  return {{"n", row.n},         {"mean_s", row.mean_s}, {"p50_s", row.p50_s},
          {"p95_s", row.p95_s}, {"p99_s", row.p99_s},   {"tail_mean_s", row.tail_mean_s}};
}

json latency_json(const Results& results) {
  json latency = json::object();
  for (const LatencyRow& row : results.latency) {
    if (row.stage.empty()) {
      latency[row.workload].update(percentiles_json(row));
    } else {
      latency[row.workload]["stages"][row.stage] = percentiles_json(row);
    }
  }
  if (latency.contains(results.workload)) latency[results.workload]["p95_interval_s"] = interval_json(results.p95_interval_s);
  return latency;
}

void add_beside(const BesideRow& row, json& object) {
  if (row.stage_p95_s) object["stage_p95_s"] = *row.stage_p95_s;
  if (row.job_bytes_per_s) object["job_bytes_per_s"] = *row.job_bytes_per_s;
  if (row.time_s) object["time_s"] = *row.time_s;
}

json counterfactual_json(const CounterfactualRow& row) {
  json object = {{"name", row.name},
                 {"workload", row.workload},
                 {"p50_s", row.p50_s},
                 {"p95_s", row.p95_s},
                 {"p99_s", row.p99_s},
                 {"p95_interval_s", interval_json(row.p95_interval_s)},
                 {"change_s", row.change_s},
                 {"change_interval_s", interval_json(row.change_interval_s)},
                 {"failed_fraction", row.failed_fraction},
                 {"slos_met", row.slos_met},
                 {"tail_mean_s", row.tail_mean_s},
                 {"blame", row.blame}};
  if (!row.cost.empty()) object["cost"] = row.cost;
  if (!row.removes.empty()) object["removes"] = row.removes;
  add_beside(row.beside, object);
  return object;
}

json sweep_json(const SweepResult& sweep) {
  json points = json::array();
  for (const SweepRow& row : sweep.points) {
    json point = {{"value", row.value},
                  {"p50_s", row.p50_s},
                  {"p95_s", row.p95_s},
                  {"p99_s", row.p99_s},
                  {"p95_interval_s", interval_json(row.p95_interval_s)},
                  {"failed_fraction", row.failed_fraction},
                  {"retries_per_request", row.retries_per_request}};
    add_beside(row.beside, point);
    if (row.job_bytes_per_s) point["job_bytes_per_s"] = *row.job_bytes_per_s;
    points.push_back(std::move(point));
  }
  return {{"key", sweep.key},
          {"label", sweep.label},
          {"job", sweep.job},
          {"workload", sweep.workload},
          {"points", std::move(points)}};
}

}  // namespace

std::string to_json(const Results& results) {
  json utilization = json::object();
  for (const ResourceRow& row : results.resources) utilization[row.resource] = row.utilization;
  json counterfactuals = json::array();
  for (const CounterfactualRow& row : results.counterfactuals) counterfactuals.push_back(counterfactual_json(row));
  json document = {{"scenario", results.scenario},
                   {"title", results.title},
                   {"workload", results.workload},
                   {"verdict", results.slos_met ? "met" : "missed"},
                   {"slos", results.slos},
                   {"seed", results.seed},
                   {"version", results.version},
                   {"horizon_s", results.horizon_s},
                   {"warm_up_s", results.warm_up_s},
                   {"replications", results.num_replications},
                   {"replications_met", results.num_replications_met},
                   {"latency", latency_json(results)},
                   {"blame", results.blame},
                   {"outcomes", results.outcomes},
                   {"utilization", std::move(utilization)},
                   {"resources", results.resources},
                   {"jobs", results.jobs},
                   {"loads", results.loads},
                   {"rebuilds", results.rebuilds},
                   {"flash", results.flash},
                   {"streams", results.streams},
                   {"counterfactuals", std::move(counterfactuals)},
                   {"parameters", results.parameters},
                   {"known_errors", results.known_errors},
                   {"warnings", results.warnings}};
  if (results.sweep) document["sweep"] = sweep_json(*results.sweep);
  return document.dump(2) + "\n";
}

std::string to_json_line(const RunSummary& summary) {
  return json(summary).dump();
}

RunSummary run_summary_from_json(std::string_view line) {
  try {
    return json::parse(line).get<RunSummary>();
  } catch (const json::exception& error) {
    throw InternalError(std::string("a worker sent a line that is no summary: ") + error.what());
  }
}

}  // namespace labtwin
