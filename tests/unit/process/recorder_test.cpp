#include "sim/process/recorder.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/base/error.hpp"

namespace labtwin {
namespace {

constexpr ResourceId kDrive = 4;
constexpr OwnerId kChat = 0;
constexpr OwnerId kEtl = 1;

Timeline life_of(Seconds service, Seconds waiting) {
  Timeline life;
  life.append({.resource = kDrive, .kind = DelayKind::Service, .culprit = kChat, .duration = service});
  life.append({.resource = kDrive, .kind = DelayKind::Waiting, .culprit = kEtl, .duration = waiting});
  return life;
}

TEST(BlameHistogram, FindsQuantilesWithinABucket) {
  BlameHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.add(Seconds::from_base(i), life_of(Seconds::from_base(i), 0_s));
  // Type 7 of 1..1000: the quantile of p is 1 + 999 p.
  for (double p : {0.0, 0.25, 0.5, 0.95, 0.99, 1.0}) {
    const double exact = 1.0 + 999.0 * p;
    EXPECT_NEAR(histogram.quantile(p).value(), exact, exact * (BlameHistogram::kBucketRatio - 1.0)) << p;
  }
  EXPECT_DOUBLE_EQ(histogram.mean().value(), 500.5);
  EXPECT_NEAR(histogram.mean_above(0.95).value(), 975.5, 975.5 * 0.005);
}

TEST(BlameHistogram, IsExactForEqualAndForFewValues) {
  BlameHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0_s);
  histogram.add(3_s, life_of(3_s, 0_s));
  EXPECT_EQ(histogram.quantile(0.95), 3_s);
  histogram.add(5_s, life_of(3_s, 2_s));
  EXPECT_EQ(histogram.quantile(0.5), 4_s);
}

TEST(BlameHistogram, TellsTheTypicalFromTheSlow) {
  // 90 requests of 1 s are all service; 10 of 10 s are 1 s of service and 9 s behind the nightly job.
  BlameHistogram histogram;
  for (int i = 0; i < 90; ++i) histogram.add(1_s, life_of(1_s, 0_s));
  for (int i = 0; i < 10; ++i) histogram.add(10_s, life_of(1_s, 9_s));
  const std::vector<BlameShare> blame = histogram.blame();
  ASSERT_EQ(blame.size(), 2U);
  EXPECT_EQ(blame[0].kind, DelayKind::Service);
  EXPECT_NEAR(blame[0].mean.value(), 1.0, 1e-12);
  EXPECT_NEAR(blame[0].median_share, 1.0, 1e-12);
  EXPECT_NEAR(blame[0].tail_share, 0.1, 1e-12);
  EXPECT_EQ(blame[1].culprit, kEtl);
  EXPECT_NEAR(blame[1].mean.value(), 0.9, 1e-12);
  EXPECT_NEAR(blame[1].median_share, 0.0, 1e-12);
  EXPECT_NEAR(blame[1].tail_share, 0.9, 1e-12);
  EXPECT_NEAR(blame[0].mean.value() + blame[1].mean.value(), histogram.mean().value(), 1e-12);
}

TEST(Recorder, CountsEveryEndAndMeasuresCompletedRequestsAfterTheWarmUp) {
  Recorder recorder({.warm_up = 10_s, .keep_requests = true});
  const auto request = [&](Seconds arrived, Outcome outcome) {
    recorder.arrive(2);
    recorder.end({.workload = 2, .request = 0, .arrived = arrived, .ended = arrived + 3_s, .outcome = outcome},
                 life_of(1_s, 2_s));
  };
  request(5_s, Outcome::Completed);
  request(10_s, Outcome::Completed);
  request(20_s, Outcome::TimedOut);
  recorder.arrive(2);
  const OutcomeCounts& counts = recorder.outcomes().at(2);
  EXPECT_EQ(counts.arrived(), 4U);
  EXPECT_EQ(counts.ended(Outcome::Completed), 2U);
  EXPECT_EQ(counts.ended(Outcome::TimedOut), 1U);
  EXPECT_EQ(counts.in_system(), 1U);
  EXPECT_EQ(recorder.requests().at(2).count(), 1U);
  EXPECT_EQ(recorder.rows().size(), 2U);
}

TEST(Recorder, KeepsStagesApart) {
  Recorder recorder;
  recorder.end_stage(7, {.workload = 2, .request = 1, .arrived = 1_s, .ended = 2_s, .outcome = Outcome::Completed},
                     life_of(1_s, 0_s));
  EXPECT_EQ(recorder.stages().at({2, 7}).count(), 1U);
  EXPECT_TRUE(recorder.requests().empty());
}

TEST(Recorder, RefusesATimelineThatDoesNotExplainTheSojourn) {
  Recorder recorder;
  const Timeline life = life_of(1_s, 2_s);
  const RequestEnd end{.workload = 0, .request = 0, .arrived = 0_s, .ended = 3.000000002_s, .outcome = Outcome::Completed};
  EXPECT_THROW(recorder.end(end, life), InternalError);
}

TEST(Recorder, AllowsForTheRoundingOfDatesAfterAMonth) {
  // A thousand reads of 85 us, each measured between two dates of the engine's clock.
  Recorder recorder;
  const double start = 2.6e6;
  double now = start;
  Timeline life;
  for (int i = 0; i < 1000; ++i) {
    now += 85e-6;
    life.append({.resource = kDrive, .kind = DelayKind::Service, .culprit = kChat, .duration = 85_us});
  }
  recorder.end({.workload = 0,
                .request = 0,
                .arrived = Seconds::from_base(start),
                .ended = Seconds::from_base(now),
                .outcome = Outcome::Completed},
               life);
  EXPECT_EQ(recorder.requests().at(0).count(), 1U);
}

}  // namespace
}  // namespace labtwin
