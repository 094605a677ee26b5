// What holds for every card, model and load: more of anything never makes an answer come later, the same requests give the same
// dates, and no step beats the bytes that it has to read.

#include <gtest/gtest.h>

#include <vector>

#include "models/base/rng.hpp"
#include "models/serving/serving_replay.hpp"
#include "models/serving/step_time.hpp"
#include "models/serving/vllm_scheduler.hpp"
#include "tests/unit/serving/work_of_8b.hpp"

namespace labtwin::serving {
namespace {

using testing::work_of_8b;

OperatorCoefficients card(double bandwidth) {
  return {.bandwidth = BytesPerSecond::from_base(bandwidth),
          .matrix_rate = FlopsPerSecond::from_base(140e12),
          .knee = 4.0,
          .activation_passes = 5.0,
          .layer_overhead = Seconds::from_base(30e-6),
          .attention_rate = FlopsPerSecond::from_base(80e12),
          .attention_chain = Seconds::from_base(25e-9),
          .mixed_decode_rate = FlopsPerSecond::from_base(1.5e12),
          .decode_overhead = Seconds::from_base(0.8e-6),
          .skew = 0.05};
}

std::vector<TimedRequest> chat(std::uint64_t seed) {
  const RandomStream luck = RandomSource(seed, 0).stream("requests");
  std::vector<TimedRequest> requests;
  Seconds now;
  for (std::uint64_t i = 0; i < 200; ++i) {
    now += Seconds::from_base(0.5 * luck.uniform(i, 0));
    const auto prompt = static_cast<std::uint32_t>(1 + 800 * luck.uniform(i, 1));
    const auto output = static_cast<std::uint32_t>(1 + 300 * luck.uniform(i, 2));
    requests.push_back({now, {.prompt_tokens = prompt, .output_tokens = output}});
  }
  return requests;
}

ServingReplay replay_on(std::size_t blocks, const std::vector<TimedRequest>& requests, const OperatorStepTime& steps) {
  VllmScheduler engine({.num_blocks = blocks});
  return replay(requests, engine, steps);
}

double mean_latency(const std::vector<TimedRequest>& requests, const ServingReplay& replayed) {
  double sum = 0.0;
  for (std::size_t i = 0; i < requests.size(); ++i) sum += (replayed.requests[i].last - requests[i].arrival).value();
  return sum / static_cast<double>(requests.size());
}

TEST(ServingInvariants, MoreBandwidthNeverMakesAnswersLater) {
  const OperatorWork work = work_of_8b();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto requests = chat(seed);
    double before = 1e9;
    for (const double bandwidth : {250e9, 500e9, 900e9, 1800e9}) {
      const double latency = mean_latency(requests, replay_on(2000, requests, OperatorStepTime(card(bandwidth), work)));
      EXPECT_LT(latency, before) << "seed " << seed << ", " << bandwidth << " B/s";
      before = latency;
    }
  }
}

TEST(ServingInvariants, MoreBlocksNeverMakeAnswersLater) {
  const OperatorWork work = work_of_8b();
  const auto requests = chat(7);
  double before = 1e9;
  for (const std::size_t blocks : {100UL, 200UL, 400UL, 4000UL}) {
    const double latency = mean_latency(requests, replay_on(blocks, requests, OperatorStepTime(card(500e9), work)));
    EXPECT_LE(latency, before * 1.01) << blocks << " blocks";
    before = latency;
  }
}

TEST(ServingInvariants, TheSameRequestsGiveTheSameDates) {
  const OperatorWork work = work_of_8b();
  const auto requests = chat(3);
  const ServingReplay once = replay_on(300, requests, OperatorStepTime(card(500e9), work));
  const ServingReplay again = replay_on(300, requests, OperatorStepTime(card(500e9), work));
  EXPECT_EQ(once.num_steps, again.num_steps);
  for (std::size_t i = 0; i < requests.size(); ++i) EXPECT_EQ(once.requests[i].last.value(), again.requests[i].last.value());
}

TEST(ServingInvariants, ADecodeStepTakesAtLeastItsBytesOverTheBandwidth) {
  const OperatorWork work = work_of_8b();
  for (const double bandwidth : {250e9, 900e9, 1800e9}) {
    const OperatorStepTime law(OperatorStepTime(card(bandwidth), work));
    for (const double context : {1.0, 1000.0, 30000.0}) {
      const OperatorBatch one{
          .num_tokens = 1.0, .num_sampled = 1.0, .num_decodes = 1.0, .kv_tokens = context, .longest_kv = context};
      const Bytes read = (work.layer_weights + work.token_kv * context) * work.num_layers + work.head_weights;
      EXPECT_GE(law.step_time(one).value(), (read / BytesPerSecond::from_base(bandwidth)).value());
    }
  }
}

}  // namespace
}  // namespace labtwin::serving
