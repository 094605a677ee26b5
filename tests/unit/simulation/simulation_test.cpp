#include "sim/simulation/simulation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "models/base/rng.hpp"
#include "models/calibration/server_speed.hpp"
#include "models/registry.hpp"
#include "models/serving/step_time.hpp"
#include "sim/process/blame_histogram.hpp"
#include "sim/run/aggregate.hpp"
#include "sim/run/results_json.hpp"

// Each test simulates once: an engine serves one run in the life of a process.

namespace labtwin {
namespace {

Scenario shipped(const std::string& name, std::vector<Override> overrides = {}) {
  return Scenario::read_alone(
      ScenarioSource::file(std::string(LABTWIN_SOURCE_DIR) + "/scenarios/" + name, std::move(overrides)));
}

RunSummary run_once(const Scenario& scenario) {
  return simulate(scenario, catalog::Catalog(), {.keep_requests = true});
}

void expect_invariants(const RunSummary& run) {
  std::map<std::string, double> mean_sums;
  std::map<std::string, double> tail_sums;
  std::map<std::string, double> median_sums;
  for (const BlameRow& row : run.blame) {
    mean_sums[row.workload] += row.mean_s;
    tail_sums[row.workload] += row.tail_share;
    median_sums[row.workload] += row.median_share;
  }
  for (const LatencyRow& row : run.latency) {
    EXPECT_LE(row.p50_s, row.p95_s);
    EXPECT_LE(row.p95_s, row.p99_s);
    // Of values that share a bucket the mean is known.
    EXPECT_LE(row.p95_s, row.tail_mean_s * BlameHistogram::kBucketRatio);
    if (!row.stage.empty() || row.n == 0) continue;
    EXPECT_NEAR(mean_sums[row.workload], row.mean_s, 1e-9 * row.mean_s);
    EXPECT_NEAR(tail_sums[row.workload], 1.0, 1e-9);
    EXPECT_NEAR(median_sums[row.workload], 1.0, 1e-9);
  }
  for (const OutcomeRow& row : run.outcomes) {
    EXPECT_EQ(row.arrived, row.completed + row.rejected + row.timed_out + row.failed + row.in_system);
  }
  for (const ResourceRow& row : run.resources) {
    EXPECT_GE(row.utilization, 0.0);
    EXPECT_LE(row.utilization, 1.0);
    EXPECT_GE(row.num_waiting_mean, 0.0);
  }
}

TEST(Simulation, AQuietLabTakesExactlyTheSumOfItsParts) {
  const RunSummary run = run_once(shipped("quiet_lab.toml"));
  const catalog::Catalog catalog;
  const auto quant = serving::Quantisation::parse(load_quant_table(catalog), "q4_k_m");
  const AcceleratorPart card = load_accelerator(catalog, "rtx-3090");
  const serving::ModelShape shape = load_language_model(catalog, "llama-3-8b").shape;
  const calibration::ServerSpeed speed =
      calibration::server_speed({.card = card.entry,
                                 .place = {shape, quant, card.spec},
                                 .model = "llama-3-8b",
                                 .backend = {},
                                 .settings = serving::LlamaServer{.parallel = 4, .ctx_size = 32768}});
  const auto answer = [&](std::uint64_t output_tokens) {
    const serving::StepPart prompt{.num_tokens = 1000, .samples = true};
    const serving::StepPart decode{.num_tokens = 1, .num_computed = 1000, .samples = true, .is_decode = true};
    return speed.step_time->step_time(serving::operator_batch({&prompt, 1})) +
           serving::step_run(*speed.step_time, serving::operator_batch({&decode, 1})).time(output_tokens - 1);
  };
  // Two retrievals of 21 rounds of 1 ms, a call of 100 and one of 200 tokens.
  const double turn = 2 * 21 * 1e-3 + (answer(100) + answer(200)).value();
  const LatencyRow* row = find_latency(run.latency, "agents");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(row->mean_s, turn, 1e-9);
  EXPECT_NEAR(row->p99_s, turn, 1e-9);
  // The user thinks for 50 s, asks, and thinks again.
  EXPECT_EQ(row->n, static_cast<std::uint64_t>(600.0 / (50.0 + turn)));
  expect_invariants(run);
}

TEST(Simulation, TheFlagshipKeepsItsInvariants) {
  const RunSummary run = run_once(shipped("noisy_neighbour.toml"));
  expect_invariants(run);
  const LatencyRow* retrieve = find_latency(run.latency, "agents", "retrieve");
  ASSERT_NE(retrieve, nullptr);
  // Some twenty dependent rounds of at least half a second while the job runs.
  EXPECT_GT(retrieve->p95_s, 5.0);
  EXPECT_LT(retrieve->p50_s, 0.1);
}

TEST(Simulation, TimeoutsRetriesAndGivingUpAreCounted) {
  const RunSummary run =
      run_once(shipped("noisy_neighbour.toml", {{"workloads.agents.retrieve_timeout", "2 s"}, {"horizon", "20 min"}}));
  expect_invariants(run);
  ASSERT_EQ(run.outcomes.size(), 1u);
  EXPECT_GT(run.outcomes[0].timed_out, 0u);
  EXPECT_GE(run.outcomes[0].num_retries, run.outcomes[0].timed_out);
}

TEST(Simulation, PoissonArrivalsKeepTheInvariants) {
  const RunSummary run =
      run_once(shipped("noisy_neighbour.toml",
                       {{"workloads.agents.arrivals", "{ process = \"poisson\", rate = \"2 /min\" }"}, {"horizon", "30 min"}}));
  expect_invariants(run);
  EXPECT_NEAR(static_cast<double>(run.outcomes.at(0).arrived), 60.0, 4.0 * 7.8);
}

/// When each question of a user was asked after the answer to the one before, by question.
std::map<double, double> think_times(const RunSummary& run) {
  std::map<double, double> arrived;
  std::map<double, double> ended;
  const RequestColumns& columns = run.requests.at("agents");
  for (std::size_t i = 0; i < columns.at("request").size(); ++i) {
    arrived[columns.at("request")[i]] = columns.at("arrived_s")[i];
    ended[columns.at("request")[i]] = columns.at("arrived_s")[i] + columns.at("e2e_latency_s")[i];
  }
  std::map<double, double> thought;
  for (const auto& [request, at] : arrived) {
    if (const auto before = ended.find(request - 1.0); before != ended.end()) thought[request] = at - before->second;
  }
  return thought;
}

/// What users do in a lab whose index lies on another drive. The expected values are those of the lab as it is: luck belongs to
/// the user and not to the part.
TEST(Simulation, AnotherDriveChangesNobodysThinking) {
  const Scenario scenario = shipped("noisy_neighbour.toml", {{"lab.nodes.homelab.drives.nvme0.part", "samsung-980-pro-1tb"}});
  const RunSummary run = run_once(scenario);
  const RandomStream think = RandomSource(scenario.seed, 0).stream("agents.think");
  const auto& agents = std::get<AgentsSpec>(scenario.workloads.at(0).kind);
  const auto thought = think_times(run);
  ASSERT_GT(thought.size(), 20u);
  for (const auto& [request, seconds] : thought) {
    const double expected = agents.traffic.think.quantile(think.uniform(static_cast<std::uint64_t>(request))).value();
    EXPECT_NEAR(seconds, expected, 1e-6);
  }
}

TEST(Simulation, MemoryOfSummariesDoesNotGrowWithTheHorizon) {
  const RunSummary run = simulate(shipped("quiet_lab.toml", {{"horizon", "2 d"}}), catalog::Catalog(), {});
  EXPECT_GT(run.outcomes.at(0).completed, 3000u);
  EXPECT_LT(to_json_line(run).size(), 4096u);
}

}  // namespace
}  // namespace labtwin
