#include "sim/run/aggregate.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "models/base/distribution.hpp"
#include "models/base/error.hpp"
#include "models/base/parameter_draw.hpp"
#include "sim/run/results_json.hpp"

namespace labtwin {
namespace {

RunSummary replication(std::uint32_t number, std::uint64_t n, double mean_s, double waiting_s) {
  RunSummary run;
  run.replication = number;
  run.latency = {{.workload = "agents", .stage = "", .n = n, .mean_s = mean_s, .p50_s = 1, .p95_s = mean_s * 2, .p99_s = 9}};
  run.blame = {{.workload = "agents",
                .resource = "nvme0",
                .kind = "waiting",
                .culprit = "etl",
                .mean_s = waiting_s,
                .median_share = 0.1,
                .tail_share = 0.5},
               {.workload = "agents",
                .resource = "gpu0",
                .kind = "service",
                .culprit = "agents",
                .mean_s = mean_s - waiting_s,
                .median_share = 0.9,
                .tail_share = 0.5}};
  run.outcomes = {{.workload = "agents", .arrived = n + 1, .completed = n, .in_system = 1}};
  run.resources = {{.resource = "nvme0", .utilization = 0.25 * (number + 1), .num_waiting_mean = 1}};
  return run;
}

TEST(Intervals, AreStudentsForOneMoreRun) {
  const std::array<double, 4> values{1.0, 2.0, 3.0, 4.0};
  const Interval interval = difference_interval(values);
  // Standard deviation sqrt(5/3), t(0.95, 3) = 2.353; one run beside the mean of four.
  const double half = 2.353 * std::sqrt(5.0 / 3.0 * 1.25);
  EXPECT_NEAR(interval.low, 2.5 - half, 1e-12);
  EXPECT_NEAR(interval.high, 2.5 + half, 1e-12);
}

TEST(Intervals, OfTimesAreOfTheirLogarithms) {
  const std::array<double, 4> values{std::exp(1.0), std::exp(2.0), std::exp(3.0), std::exp(4.0)};
  const double half = 2.353 * std::sqrt(5.0 / 3.0 * 1.25);
  EXPECT_NEAR(time_interval(values).low, std::exp(2.5 - half), 1e-12);
  EXPECT_NEAR(time_interval(values).high, std::exp(2.5 + half), 1e-9);
  const std::array<double, 2> with_none{0.0, 2.0};
  EXPECT_LT(time_interval(with_none).low, 0.0);
}

TEST(Intervals, OfAChangeAreThoseOfTheRatio) {
  // Half of it in every replication, however different these are.
  const std::array<double, 3> before{10.0, 20.0, 60.0};
  const std::array<double, 3> halved{5.0, 10.0, 30.0};
  EXPECT_NEAR(change_interval(before, halved).low, -15.0, 1e-9);
  EXPECT_NEAR(change_interval(before, halved).high, -15.0, 1e-9);
  EXPECT_EQ(change_interval(before, before).low, 0.0);
  // Where nothing completed there is no ratio: differences of -10, 0 and 0, t(0.95, 2) = 2.920.
  const std::array<double, 3> with_none{0.0, 20.0, 60.0};
  EXPECT_NEAR(change_interval(before, with_none).high, -10.0 / 3.0 + 2.920 * std::sqrt(100.0 / 3.0 * (1.0 + 1.0 / 3.0)), 1e-9);
}

// Labs whose speed is log-normal, drawn as a run draws it: as few as seven replications give the middle 90 % of them.
TEST(Intervals, OfDrawnParametersHoldNinetyPerCentOfLabs) {
  for (const std::size_t count : {7UL, 15UL, 31UL}) {
    std::vector<double> times;
    for (std::size_t r = 0; r < count; ++r)
      times.push_back(Distribution::lognormal_from_median(1.0, 2.0).quantile(parameter_draw(1, r, "speed")));
    const Interval interval = time_interval(times);
    const double truth = Distribution::lognormal_from_median(1.0, 2.0).quantile(0.95);
    EXPECT_NEAR(std::log(interval.high), std::log(truth), 0.06 * std::log(truth)) << count;
    EXPECT_NEAR(std::log(interval.low), -std::log(interval.high), 1e-9) << count;
  }
}

TEST(Merge, BlameStillSumsToTheMeanSojourn) {
  const std::array<RunSummary, 2> runs{replication(0, 100, 4.0, 1.0), replication(1, 300, 8.0, 2.0)};
  const RunSummary merged = merge(runs);
  ASSERT_EQ(merged.latency.size(), 1u);
  EXPECT_EQ(merged.latency[0].n, 400u);
  EXPECT_DOUBLE_EQ(merged.latency[0].mean_s, 7.0);
  EXPECT_DOUBLE_EQ(merged.latency[0].p95_s, 12.0);
  double sum = 0.0;
  for (const BlameRow& row : merged.blame) sum += row.mean_s;
  EXPECT_NEAR(sum, 7.0, 1e-12);
  EXPECT_EQ(merged.outcomes[0].arrived, 402u);
  EXPECT_DOUBLE_EQ(merged.resources[0].utilization, 0.375);
}

TEST(Merge, CountsRowsThatOnlySomeReplicationsHave) {
  std::array<RunSummary, 2> runs{replication(0, 100, 4.0, 1.0), replication(1, 100, 4.0, 1.0)};
  runs[1].blame.erase(runs[1].blame.begin());
  runs[1].blame[0].mean_s = 4.0;
  const RunSummary merged = merge(runs);
  EXPECT_NEAR(merged.blame[0].mean_s, 0.5, 1e-12);
  EXPECT_NEAR(merged.blame[1].mean_s, 3.5, 1e-12);
}

TEST(RunSummaryJson, SurvivesThePipeExactly) {
  RunSummary run = replication(3, 7, 0.1 + 0.2, 0.1);
  run.warnings = {"a \"quoted\" note"};
  run.requests["agents"]["sojourn_s"] = {1.0 / 3.0, 2.0};
  const RunSummary copy = run_summary_from_json(to_json_line(run));
  EXPECT_EQ(copy.replication, 3u);
  EXPECT_EQ(copy.latency[0].mean_s, run.latency[0].mean_s);
  EXPECT_EQ(copy.requests.at("agents").at("sojourn_s")[0], 1.0 / 3.0);
  EXPECT_EQ(copy.warnings, run.warnings);
  EXPECT_EQ(to_json_line(copy), to_json_line(run));
}

TEST(RunSummaryJson, RefusesAnythingElse) {
  EXPECT_THROW((void)run_summary_from_json("{}"), InternalError);
  EXPECT_THROW((void)run_summary_from_json("Segmentation fault"), InternalError);
}

}  // namespace
}  // namespace labtwin
