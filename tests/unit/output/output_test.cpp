#include <gtest/gtest.h>

#include <algorithm>

#include "sim/output/answer.hpp"
#include "sim/output/axis.hpp"
#include "sim/output/number_text.hpp"
#include "sim/output/plot.hpp"
#include "sim/output/summary_text.hpp"
#include "sim/output/text_table.hpp"

namespace labtwin::output {
namespace {

/// A lab whose numbers can be followed by hand: of a tail of 80 s, 60 s wait for nvme0, 57 s of them behind the job.
Results sample() {
  Results results;
  results.scenario = "sample";
  results.title = "Agents beside a job";
  results.workload = "agents";
  results.unit_of_work = "turn";
  results.horizon_s = 3600;
  results.warm_up_s = 300;
  results.slos_met = false;
  results.slos = {{.workload = "agents", .metric = "p95", .limit = 30, .value = 62, .met = false}};
  results.latency = {{.workload = "agents", .n = 40, .mean_s = 20, .p50_s = 12, .p95_s = 62, .p99_s = 90, .tail_mean_s = 80}};
  results.blame = {{"agents", "nvme0", "waiting", "nightly-etl", 8.0, 0.1, 57.0 / 80},
                   {"agents", "nvme0", "waiting", "agents", 1.0, 0.0, 3.0 / 80},
                   {"agents", "gpu0", "service", "agents", 11.0, 0.9, 20.0 / 80}};
  results.counterfactuals = {{.name = "no job", .workload = "agents", .p95_s = 14, .change_s = -48, .removes = "nightly-etl"},
                             {.name = "second drive", .workload = "agents", .p95_s = 15, .change_s = -47, .cost = "60 EUR"}};
  return results;
}

TEST(NumberText, ChoosesTheUnitAReaderExpects) {
  EXPECT_EQ(duration_text(0.000412), "412 us");
  EXPECT_EQ(duration_text(0.0082), "8.20 ms");
  EXPECT_EQ(duration_text(14.2), "14.2 s");
  EXPECT_EQ(duration_text(3600), "1 h");
  EXPECT_EQ(duration_text(7500), "2 h 05 min");
  EXPECT_EQ(percent(0.714), "71 %");
  EXPECT_EQ(percent(0.004), "0.4 %");
  EXPECT_EQ(rate_text(2.1e8), "210 MB/s");
  EXPECT_EQ(significant(1240.4), "1240");
  EXPECT_EQ(with_article("agent turn"), "an agent turn");
  EXPECT_EQ(with_article("turn"), "a turn");
  EXPECT_EQ(plural("agent turn"), "agent turns");
  EXPECT_EQ(plural("anomaly"), "anomalies");
  EXPECT_EQ(plural("relay"), "relays");
}

TEST(Answer, NamesTheCulpritAndWhatRemovingItGives) {
  const std::vector<std::string> sentences = answer(sample());
  ASSERT_EQ(sentences.size(), 3u);
  EXPECT_EQ(sentences[0], "With nightly-etl on nvme0, the 95th percentile of a turn goes from 14.0 s to 62.0 s.");
  EXPECT_EQ(sentences[1], "Of the slowest 5 % of these, 75 % of the time is waiting for nvme0, 95 % of it behind nightly-etl.");
  EXPECT_EQ(sentences[2], "What helps most: second drive (15.0 s).");
}

// Where nothing completes there is no percentile: neither a cure nor the best of the table.
TEST(Answer, TakesNoLatencyFromWhatNeverCompletes) {
  Results results = sample();
  results.slos[0].has_value = false;
  results.counterfactuals.push_back(
      {.name = "no card", .workload = "agents", .p95_s = 0, .change_s = -62, .failed_fraction = 1.0, .slos_met = false});
  EXPECT_EQ(answer(results)[2], "What helps most: second drive (15.0 s).");
  const std::string text = summary_text(results);
  EXPECT_NE(text.find("MISSED  p95 of agents has no value: none completed; the limit is 30.0 s"), std::string::npos) << text;
  EXPECT_LT(text.find("second drive  "), text.find("no card")) << text;
  EXPECT_NE(text.find("none completed"), std::string::npos) << text;
}

TEST(Summary, SaysWhatReplicationsDraw) {
  Results results = sample();
  results.num_replications = 8;
  results.parameters = {{"llm.decode_rate", 50.0, "tok/s", "fitted", "", 0.1},
                        {"llm.all_reduce.latency", 1e-5, "s", "fitted", ""}};
  EXPECT_NE(summary_text(results).find("Drawn anew in each replication, so that intervals hold what is not known of them: "
                                       "llm.decode_rate (42.4 to 58.9 tok/s).\n"),
            std::string::npos)
      << summary_text(results);
}

Results failing_sweep() {
  Results results = sample();
  results.slos.push_back({.workload = "agents", .metric = "failed_fraction", .limit = 0.01, .value = 0.0, .met = true});
  results.sweep = SweepResult{};
  results.sweep->label = "packets lost";
  results.sweep->points = {{.value = "0%", .p50_s = 1, .p95_s = 2, .p99_s = 3},
                           {.value = "5%", .p50_s = 1, .p95_s = 2, .p99_s = 3, .failed_fraction = 0.004},
                           {.value = "15%", .p50_s = 1, .p95_s = 2, .p99_s = 3, .failed_fraction = 0.06},
                           {.value = "30%", .p50_s = 2, .p95_s = 3, .p99_s = 4, .failed_fraction = 0.93}};
  return results;
}

TEST(Answer, SaysWhereItFallsApart) {
  Results results = failing_sweep();
  EXPECT_EQ(answer(results).at(1), "From 15% on (packets lost), 6 % of turns fail, at 30% 93 %.");
  // Where no job is to blame, that comes first.
  results.counterfactuals.clear();
  EXPECT_EQ(answer(results).at(0), "From 15% on (packets lost), 6 % of turns fail, at 30% 93 %.");
  std::reverse(results.sweep->points.begin(), results.sweep->points.end());
  EXPECT_EQ(answer(results).at(0), "Up to 15% (packets lost), 6 % of turns fail, at 30% 93 %.");
  results.sweep->points[1].failed_fraction = 0.0;
  results.sweep->points[3].failed_fraction = 0.5;  // neither from some value on nor up to one
  EXPECT_EQ(answer(results).at(0).find("fail"), std::string::npos);
}

TEST(Answer, TellsWaitingFromBeingSlowed) {
  Results results = sample();
  for (BlameRow& row : results.blame) {
    if (row.kind == "waiting") row.kind = "slowdown";
  }
  EXPECT_EQ(answer(results).at(1),
            "Of the slowest 5 % of these, 75 % of the time is slowed at nvme0, 95 % of it behind nightly-etl.");
}

TEST(Plot, ShowsWhatFailsBelowTheCurves) {
  Results results = failing_sweep();
  const std::string svg = plot_svg(results);
  EXPECT_NE(svg.find("How many turns fail"), std::string::npos);
  EXPECT_NE(svg.find("30%: 93 % fail, 7 % are answered"), std::string::npos);
  for (SweepRow& row : results.sweep->points) row.failed_fraction = 0.0;
  EXPECT_EQ(plot_svg(results).find("How many turns fail"), std::string::npos);
}

TEST(Summary, SaysHowFarThePartsAreFromMeasurements) {
  Results results = sample();
  EXPECT_EQ(summary_text(results).find("measured on"), std::string::npos);
  results.known_errors = {
      {"drive-a", "a", "qps", 22.0, 65.0}, {"drive-a", "a", "lat_mean_us", 20.0, 55.0}, {"drive-b", "b", "iops", 1.5, 4.0}};
  const std::string head = "How far the model is from runs measured on ";
  const std::string tail = " that it was not fitted to, at most (median, 90th percentile): ";
  EXPECT_NE(summary_text(results).find(head + "drive-a" + tail + "qps 22 and 65 %, lat_mean_us 20 and 55 %.\n" + head +
                                       "drive-b" + tail + "iops 1.5 and 4 %. Row by row: labtwin validate.\n"),
            std::string::npos);
}

TEST(Summary, AsksNoJobWhatItMovedWhereThereIsNone) {
  Results results = sample();
  results.sweep = SweepResult{};
  results.sweep->label = "RAM";
  results.sweep->points = {{.value = "8 GiB", .p50_s = 1, .p95_s = 2, .p99_s = 3}};
  EXPECT_EQ(summary_text(results).find("read + written"), std::string::npos);
  results.sweep->points.front().job_bytes_per_s = 3e7;
  EXPECT_NE(summary_text(results).find("read + written"), std::string::npos);
}

TEST(Plot, BreaksATitleThatIsWiderThanThePage) {
  Results results = sample();
  results.unit_of_work = "turn of an agent who has a name of some length";
  results.num_replications = 2;
  results.p95_interval_s = {.low = 50, .high = 70};
  const std::string picture = plot_svg(results);
  const std::size_t first = picture.find("font-weight=\"bold\"");
  EXPECT_LT(picture.find("font-weight=\"bold\"", first + 1), picture.find("Of the slowest"));
}

TEST(Answer, SaysSoWhenNothingCompleted) {
  Results results = sample();
  results.latency.clear();
  EXPECT_EQ(answer(results).front(), "No turn completed in the time simulated.");
}

TEST(SummaryText, ShowsVerdictBlameAndCost) {
  const std::string text = summary_text(sample());
  EXPECT_NE(text.find("MISSED  p95 of agents is 62.0 s, the limit is 30.0 s"), std::string::npos) << text;
  EXPECT_NE(text.find("waiting behind nightly-etl"), std::string::npos);
  EXPECT_NE(text.find("60 EUR"), std::string::npos);
}

TEST(TextTable, AlignsNumbersToTheRight) {
  TextTable table({"name", "value"});
  table.add({"a", "1"});
  table.add({"long", "12345678"});
  EXPECT_EQ(table.text(), "name     value\n--------------\na            1\nlong  12345678\n");
}

TEST(Axis, LinearOnesStartAtZeroWithRoundTicks) {
  const Axis axis(Scale::Linear, {3.0, 87.0}, {0.0, 100.0});
  EXPECT_EQ(axis.ticks(), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_DOUBLE_EQ(axis.pixel(50.0), 50.0);
}

TEST(Axis, LogarithmicOnesSpanWholeDecades) {
  const Axis axis(Scale::Logarithmic, {0.3, 42.0}, {0.0, 300.0});
  ASSERT_EQ(axis.ticks().size(), 4u);
  EXPECT_NEAR(axis.pixel(1.0), 100.0, 1e-9);
}

TEST(PlotSvg, IsOneDocumentThatNamesWhatItShows) {
  const std::string svg = plot_svg(sample());
  EXPECT_TRUE(svg.starts_with("<svg "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("waiting for nvme0 behind nightly-etl"), std::string::npos);
  EXPECT_NE(svg.find("second drive"), std::string::npos);
}

}  // namespace
}  // namespace labtwin::output
