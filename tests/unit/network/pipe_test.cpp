// A direction of a path conserves packets.

#include "models/network/pipe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace labtwin::network {
namespace {

PipeSettings wire() {
  PipeSettings settings;
  settings.rate = BytesPerSecond::from_base(125e6);
  settings.delay = kMillisecond;
  settings.queue_bytes = 1e6;
  return settings;
}

/// Sends so many packets of 1500 B, far enough apart that none waits, and counts those that arrive.
int num_arrived(const PipeSettings& settings, int num_sent) {
  const PipeSchedule schedule{{.from = 0, .settings = settings}};
  const RandomStream luck = RandomSource(1, 0).stream("test");
  Pipe pipe(schedule, 0, Variates(luck, 0), Variates(luck, 1));
  int arrived = 0;
  for (int i = 0; i < num_sent; ++i) {
    const Nanos now = i * kMillisecond;
    while (pipe.next_arrival() <= now) {
      static_cast<void>(pipe.receive());
      ++arrived;
    }
    pipe.send(now, {.seq = i, .payload = 1448});
  }
  for (; pipe.next_arrival() != kNever; ++arrived) static_cast<void>(pipe.receive());
  return arrived;
}

TEST(Pipe, ArrivedAreThoseSentAndDuplicatedLessThoseLost) {
  constexpr int kNum = 100'000;
  EXPECT_EQ(num_arrived(wire(), kNum), kNum);
  PipeSettings all_twice = wire();
  all_twice.duplicate = 1.0;
  EXPECT_EQ(num_arrived(all_twice, kNum), 2 * kNum);
  PipeSettings both = wire();
  both.duplicate = 0.1;
  both.loss = LossModel::random(0.05);
  EXPECT_NEAR(num_arrived(both, kNum), 1.1 * 0.95 * kNum, 5.0 * std::sqrt(0.15 * kNum));
}

TEST(Pipe, ADuplicateTakesTheWireASecondTime) {
  const auto last_arrival = [](double duplicate) {
    PipeSettings settings = wire();
    settings.duplicate = duplicate;
    const PipeSchedule schedule{{.from = 0, .settings = settings}};
    const RandomStream luck = RandomSource(1, 0).stream("test");
    Pipe pipe(schedule, 0, Variates(luck, 0), Variates(luck, 1));
    for (int i = 0; i < 100; ++i) pipe.send(0, {.seq = i, .payload = 1448});
    Nanos last = 0;
    for (; pipe.next_arrival() != kNever; static_cast<void>(pipe.receive())) last = pipe.next_arrival();
    return last - kMillisecond;
  };
  // 1538 B each at 125 MB/s, less the two that the bucket lets through at once.
  EXPECT_NEAR(static_cast<double>(last_arrival(0.0)), 98.0 * 12'304.0, 200.0);
  EXPECT_NEAR(static_cast<double>(last_arrival(1.0)), 198.0 * 12'304.0, 200.0);
}

TEST(Pipe, WithoutABucketEveryPacketTakesItsTime) {
  PipeSettings settings = wire();
  settings.burst_bytes = 0.0;
  const PipeSchedule schedule{{.from = 0, .settings = settings}};
  const RandomStream luck = RandomSource(1, 0).stream("test");
  Pipe pipe(schedule, 0, Variates(luck, 0), Variates(luck, 1));
  for (int i = 0; i < 3; ++i) {
    pipe.send(kSecond, {.seq = i, .payload = 1448});
    // 1538 B at 125 MB/s.
    EXPECT_EQ(pipe.next_arrival(), kSecond + kMillisecond + 12'304) << "of the first";
  }
  static_cast<void>(pipe.receive());
  EXPECT_EQ(pipe.next_arrival(), kSecond + kMillisecond + 2 * 12'304);
}

TEST(Pipe, HoldsNoMorePacketsThanItsLimit) {
  // 100 ms of delay and a packet a millisecond: 100 would be on their way.
  PipeSettings settings = wire();
  settings.delay = 100 * kMillisecond;
  settings.max_held = 50;
  constexpr int kNum = 100'000;
  EXPECT_NEAR(num_arrived(settings, kNum), kNum / 2, 60);
  settings.max_held = 101;
  EXPECT_EQ(num_arrived(settings, kNum), kNum);
}

TEST(Pipe, DelaysScatterByTheirShape) {
  struct Case {
    DelayShape shape;
    double p25;
    double p75;
  };
  // Of iproute2's tables, and of a uniform variate; in jitters.
  for (const Case& one : {Case{DelayShape::Uniform, -0.5, 0.5}, Case{DelayShape::Normal, -0.6744, 0.6745},
                          Case{DelayShape::Pareto, -0.5325, 0.1166}, Case{DelayShape::ParetoNormal, -0.5679, 0.2560}}) {
    PipeSettings settings = wire();
    settings.delay = 100 * kMillisecond;
    settings.jitter = 10 * kMillisecond;
    settings.shape = one.shape;
    Variates variates(RandomSource(1, 0).stream("test"), 0);
    std::vector<double> jitters(40'000);
    double square = 0.0;
    for (double& jitter : jitters) {
      jitter = static_cast<double>(settings.draw_delay(variates) - settings.delay) / static_cast<double>(settings.jitter);
      square += jitter * jitter;
    }
    std::sort(jitters.begin(), jitters.end());
    EXPECT_NEAR(jitters[10'000], one.p25, 0.02);
    EXPECT_NEAR(jitters[30'000], one.p75, 0.02);
    EXPECT_NEAR(std::sqrt(square / 40'000.0), deviation_of(one.shape), 0.03);
  }
}

}  // namespace
}  // namespace labtwin::network
