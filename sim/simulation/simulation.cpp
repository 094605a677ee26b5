#include "sim/simulation/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "models/base/error.hpp"
#include "sim/simulation/world.hpp"

namespace labtwin {
namespace {

constexpr double kP95 = 0.95;

std::string_view kind_name(DelayKind kind) {
  switch (kind) {
    case DelayKind::Service:
      return "service";
    case DelayKind::Waiting:
      return "waiting";
    case DelayKind::Slowdown:
      return "slowdown";
    case DelayKind::Policy:
      return "policy";
  }
  return "service";
}

/// Totals of every resource and job at one moment; the difference of two moments is what happened between them.
struct Totals {
  std::vector<ResourceRow> resources;  ///< utilization: busy seconds of one server; num_waiting_mean: waiting seconds
  std::vector<JobRow> jobs;            ///< bytes and active seconds
  std::vector<StreamRow> streams;      ///< datagrams
  std::vector<FlashRow> flash;         ///< write_amplification: bytes written to the flash
};

Totals totals_of(World& world) {
  Totals totals;
  const Names& names = world.names();
  for (const auto& [key, drive] : world.drives()) {
    totals.resources.push_back({.resource = names.resources.name(drive->resource()),
                                .utilization = drive->work_entered().value(),
                                .num_waiting_mean = drive->waiting_time().value()});
    if (const auto writes = drive->flash_writes()) {
      totals.flash.push_back({.resource = names.resources.name(drive->resource()),
                              .written_bytes = writes->host.value(),
                              .write_amplification = writes->flash.value()});
    }
  }
  for (const auto& [key, share] : world.shares()) {
    totals.resources.push_back({.resource = names.resources.name(share->resource()),
                                .utilization = share->work_entered().value() / share->num_connections(),
                                .num_waiting_mean = share->waiting_time().value()});
  }
  for (const auto& [node, cores] : world.cores()) {
    const SharingStatistics statistics = cores->statistics();
    const Seconds waiting = statistics.sharing_time - statistics.busy_time;
    totals.resources.push_back({.resource = names.resources.name(cores->resource()),
                                .utilization = statistics.busy_time.value() / static_cast<double>(cores->num_cores()),
                                .num_waiting_mean = waiting.value()});
  }
  for (const auto& [key, card] : world.cards()) {
    Seconds waiting;
    for (service::LlmServer* server : world.servers_on(*card)) waiting += server->waiting_time();
    totals.resources.push_back({.resource = names.resources.name(card->resource()),
                                .utilization = card->busy_time().value(),
                                .num_waiting_mean = waiting.value()});
  }
  for (const topology::LinkId link : world.used_links()) {
    totals.resources.push_back({.resource = names.resources.name(world.bus()->resource_of_link(link)),
                                .utilization = world.bus()->busy_time(link).value(),
                                .num_waiting_mean = world.bus()->waiting_time(link).value()});
  }
  for (const auto& [name, copy] : world.copies()) {
    totals.jobs.push_back({.service = name,
                           .active_fraction = copy->active_time().value(),
                           .read_bytes_per_s = copy->bytes_moved().value(),
                           .write_bytes_per_s = copy->bytes_moved().value(),
                           .num_passes = static_cast<double>(copy->num_passes()),
                           .pass_s = copy->time_of_passes().value()});
  }
  for (const auto& [name, corpus] : world.corpora()) {
    totals.jobs.push_back({.service = name,
                           .active_fraction = corpus->active_time().value(),
                           .num_passes = static_cast<double>(corpus->num_passes()),
                           .pass_s = corpus->time_of_passes().value()});
  }
  for (const auto& [name, job] : world.jobs()) {
    totals.jobs.push_back({.service = name,
                           .active_fraction = job->active_time().value(),
                           .read_bytes_per_s = job->bytes_read().value(),
                           .write_bytes_per_s = job->bytes_written().value(),
                           .num_passes = static_cast<double>(job->num_passes()),
                           .pass_s = job->time_of_passes().value()});
  }
  for (const auto& [name, stream] : world.streams()) {
    const service::DatagramCounts counts = stream->counts();
    totals.streams.push_back({.workload = name,
                              .sent_per_s = counts.sent,
                              .lost_on_the_way = counts.lost_on_the_way,
                              .lost_at_the_link = counts.lost_at_the_link,
                              .lost_at_the_ring = counts.lost_at_the_ring,
                              .lost_at_the_socket = counts.lost_at_the_socket});
  }
  for (const auto& [name, rebuild] : world.rebuilds()) {
    totals.jobs.push_back({.service = name,
                           .active_fraction = rebuild->active_time().value(),
                           .read_bytes_per_s = rebuild->bytes_read().value(),
                           .write_bytes_per_s = rebuild->bytes_written().value()});
  }
  return totals;
}

void add_use(const Totals& from, const Totals& to, RunSummary& summary) {
  const double measured = summary.measured_s;
  for (std::size_t i = 0; i < to.resources.size(); ++i) {
    ResourceRow row = to.resources[i];
    row.utilization = std::min(1.0, (row.utilization - from.resources[i].utilization) / measured);
    row.num_waiting_mean = (row.num_waiting_mean - from.resources[i].num_waiting_mean) / measured;
    summary.resources.push_back(row);
  }
  for (std::size_t i = 0; i < to.jobs.size(); ++i) {
    const JobRow& before = from.jobs[i];
    JobRow row = to.jobs[i];
    const double active = row.active_fraction - before.active_fraction;
    row.active_fraction = active / measured;
    row.read_bytes_per_s = active > 0.0 ? (row.read_bytes_per_s - before.read_bytes_per_s) / active : 0.0;
    row.write_bytes_per_s = active > 0.0 ? (row.write_bytes_per_s - before.write_bytes_per_s) / active : 0.0;
    row.num_passes -= before.num_passes;
    row.pass_s = row.num_passes > 0.0 ? (row.pass_s - before.pass_s) / row.num_passes : 0.0;
    summary.jobs.push_back(row);
  }
}

void add_streams(const Totals& from, const Totals& to, RunSummary& summary) {
  for (std::size_t i = 0; i < to.streams.size(); ++i) {
    StreamRow row = to.streams[i];
    const StreamRow& before = from.streams[i];
    const double sent = row.sent_per_s - before.sent_per_s;
    for (double StreamRow::*lost : {&StreamRow::lost_on_the_way, &StreamRow::lost_at_the_link, &StreamRow::lost_at_the_ring,
                                    &StreamRow::lost_at_the_socket}) {
      row.*lost = sent > 0.0 ? (row.*lost - before.*lost) / sent : 0.0;
      row.lost_fraction += row.*lost;
    }
    row.sent_per_s = sent / summary.measured_s;
    summary.streams.push_back(row);
  }
}

void add_flash(const Totals& from, const Totals& to, RunSummary& summary) {
  for (std::size_t i = 0; i < to.flash.size(); ++i) {
    FlashRow row = to.flash[i];
    row.written_bytes -= from.flash[i].written_bytes;
    const double on_flash = row.write_amplification - from.flash[i].write_amplification;
    row.write_amplification = row.written_bytes > 0.0 ? on_flash / row.written_bytes : 1.0;
    summary.flash.push_back(row);
  }
}

void add_rebuilds(const World& world, RunSummary& summary) {
  for (const auto& [name, rebuild] : world.rebuilds()) {
    const double progress = rebuild->progress();
    const double duration = progress > 0.0 ? rebuild->active_time().value() / progress : 0.0;
    summary.rebuilds.push_back({.service = name, .progress = progress, .duration_s = duration});
  }
}

LatencyRow latency_of(const BlameHistogram& histogram, const std::string& workload, const std::string& stage) {
  return {.workload = workload,
          .stage = stage,
          .n = histogram.count(),
          .mean_s = histogram.mean().value(),
          .p50_s = histogram.quantile(0.5).value(),
          .p95_s = histogram.quantile(kP95).value(),
          .p99_s = histogram.quantile(0.99).value(),
          .tail_mean_s = histogram.mean_above(kP95).value()};
}

void add_latency(const World& world, RunSummary& summary) {
  const Names& names = world.names();
  for (const auto& [workload, histogram] : world.recorder().requests()) {
    const std::string& name = names.workloads.name(workload);
    summary.latency.push_back(latency_of(histogram, name, ""));
    for (const auto& [key, stage] : world.recorder().stages()) {
      if (key.first == workload) summary.latency.push_back(latency_of(stage, name, names.stages.name(key.second)));
    }
    for (const BlameShare& share : histogram.blame()) {
      summary.blame.push_back({.workload = name,
                               .resource = names.resources.name(share.resource),
                               .kind = std::string(kind_name(share.kind)),
                               .culprit = names.owners.name(share.culprit),
                               .mean_s = share.mean.value(),
                               .median_share = share.median_share,
                               .tail_share = share.tail_share});
    }
  }
}

void add_outcomes(const World& world, RunSummary& summary) {
  for (const auto& [workload, counts] : world.recorder().outcomes()) {
    const std::string& name = world.names().workloads.name(workload);
    OutcomeRow row{.workload = name,
                   .arrived = counts.arrived(),
                   .completed = counts.ended(Outcome::Completed),
                   .rejected = counts.ended(Outcome::Rejected),
                   .timed_out = counts.ended(Outcome::TimedOut),
                   .failed = counts.ended(Outcome::Failed) + counts.ended(Outcome::Cancelled),
                   .in_system = counts.in_system()};
    if (const auto agents = world.agents().find(name); agents != world.agents().end()) {
      const service::CallCounts& calls = agents->second->counts();
      row.num_retries = calls.retries;
      row.num_timeouts = calls.timeouts;
      row.num_hedges = calls.hedges;
      row.num_open_circuit = calls.open_circuit;
    }
    if (const auto& prompts = world.recorder().prompts(); prompts.contains(workload)) {
      row.prompt_tokens = prompts.at(workload).total;
      row.prefix_hit_tokens = prompts.at(workload).prefix_hits;
    }
    LABTWIN_CHECK(row.arrived == row.completed + row.rejected + row.timed_out + row.failed + row.in_system,
                  "every request that arrived has one end or is still there");
    summary.outcomes.push_back(row);
  }
}

void add_loads(const World& world, RunSummary& summary) {
  for (const auto& [server, load] : world.loads()) {
    summary.loads.push_back({.service = server,
                             .source = world.names().resources.name(load->source()),
                             .bytes = load->weights().value(),
                             .ready_s = load->ready_at().value_or(Seconds{}).value()});
  }
}

void add_requests(const World& world, RunSummary& summary) {
  for (const RequestEnd& row : world.recorder().rows()) {
    RequestColumns& columns = summary.requests[world.names().workloads.name(row.workload)];
    columns["request"].push_back(static_cast<double>(row.request));
    columns["arrived_s"].push_back(row.arrived.value());
    columns["e2e_latency_s"].push_back((row.ended - row.arrived).value());
    columns["outcome"].push_back(static_cast<double>(row.outcome));
  }
}

}  // namespace

RunSummary simulate(const Scenario& scenario, const catalog::Catalog& catalog, const SimulationOptions& options) {
  World world(scenario, catalog, {.interrupt = options.interrupt},
              {.warm_up = scenario.warm_up, .keep_requests = options.keep_requests}, options.replication);
  world.start();
  Totals at_warm_up;
  world.engine().schedule(scenario.warm_up, Priority::Early, [&] { at_warm_up = totals_of(world); });
  const RunResult result = world.engine().run(scenario.horizon);
  RunSummary summary;
  summary.replication = options.replication;
  summary.measured_s = (scenario.horizon - scenario.warm_up).value();
  summary.num_events = result.num_events;
  summary.warnings = world.warnings();
  const Totals at_end = totals_of(world);
  add_use(at_warm_up, at_end, summary);
  add_flash(at_warm_up, at_end, summary);
  add_streams(at_warm_up, at_end, summary);
  add_loads(world, summary);
  add_rebuilds(world, summary);
  add_latency(world, summary);
  add_outcomes(world, summary);
  add_requests(world, summary);
  return summary;
}

}  // namespace labtwin
