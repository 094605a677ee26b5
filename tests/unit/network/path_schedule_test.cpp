// Paths that change: what holds when, and what a connection over them makes of it.

#include "models/network/path_schedule.hpp"

#include <gtest/gtest.h>

#include "models/network/connection.hpp"
#include "models/network/plain_message.hpp"

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

PipeSettings gigabit() {
  return {.rate = BytesPerSecond::from_base(125e6),
          .delay = 500 * kMicrosecond,
          .queue_bytes = 1e6,
          .loss = {},
          .jitter = 0,
          .at_once = 0.0,
          .framing = {}};
}

Degradation netem(const char* words, Seconds from, std::optional<Seconds> until = std::nullopt) {
  return {.name = words, .from = from, .until = until, .effect = parse_netem(words), .is_partition = false, .flap = {}};
}

Degradation partition(Seconds from, Seconds until) {
  Degradation one = netem("", from, until);
  one.is_partition = true;
  return one;
}

std::shared_ptr<const PathSchedule> both_ways(const std::vector<Degradation>& degradations) {
  const PipeSchedule way = degraded(gigabit(), degradations, 3600_s);
  return std::make_shared<const PathSchedule>(PathSchedule{way, way});
}

TEST(PathSchedule, IsWhatTheDegradationsOfEachMomentAddUpTo) {
  const PipeSchedule schedule =
      degraded(gigabit(), {netem("delay 10ms loss 10%", 10_s, 30_s), netem("loss 10% rate 80mbit", 20_s)}, 3600_s);
  ASSERT_GE(schedule.size(), 4U);
  EXPECT_EQ(schedule[0].settings.delay, 500 * kMicrosecond);
  EXPECT_EQ(schedule[1].from, 10 * kSecond);
  EXPECT_EQ(schedule[1].settings.delay, 10'500 * kMicrosecond);
  EXPECT_NEAR(schedule[2].settings.loss.mean(), 0.19, 1e-12);
  EXPECT_DOUBLE_EQ(schedule[2].settings.rate.value(), 1e7);
  EXPECT_EQ(schedule[3].from, 30 * kSecond);
  EXPECT_NEAR(schedule[3].settings.loss.mean(), 0.1, 1e-12);
  EXPECT_EQ(schedule[3].settings.delay, 500 * kMicrosecond);
  EXPECT_FALSE(is_plain(schedule));
  EXPECT_TRUE(is_plain(degraded(gigabit(), {}, 3600_s)));
}

TEST(PathSchedule, OfALinkThatFlapsTogglesWhenDue) {
  Degradation flap = netem("", 10_s, 20_s);
  flap.flap = Flap{.up = 2_s, .down = 1_s};
  for (const PipeState& state : degraded(gigabit(), {flap}, 3600_s)) {
    const bool is_down = state.from == 12 * kSecond || state.from == 15 * kSecond || state.from == 18 * kSecond;
    EXPECT_EQ(state.settings.loss.mean(), is_down ? 1.0 : 0.0) << state.from;
  }
}

TEST(PathSchedule, BurstsAndRandomLossAreIndependent) {
  const LossModel bursts{.p = 0.01, .r = 0.09, .bad_loss = 0.5, .good_loss = 0.0};  // a mean of 5 %
  EXPECT_NEAR(both(bursts, LossModel::random(0.2)).mean(), 1.0 - 0.95 * 0.8, 1e-12);
  EXPECT_NEAR(both(LossModel::random(0.2), bursts).mean(), 1.0 - 0.95 * 0.8, 1e-12);
}

TEST(Connection, SendsAgainUntilAPartitionHeals) {
  // Cut off from 1 s to 2 s. Sent at 1.5 s; a probe and timeouts of 0.2 and 0.4 s, rounded up by the timer's wheel, reach 2.34
  // s.
  Connection connection(both_ways({partition(1_s, 2_s)}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
  ASSERT_TRUE(connection.try_connect());
  const std::optional<Nanos> arrived = connection.deliver(1'500 * kMillisecond, Side::Client, 1000);
  ASSERT_TRUE(arrived.has_value());
  EXPECT_GT(*arrived, 2 * kSecond);
  EXPECT_LT(*arrived, 2'400 * kMillisecond);
}

TEST(Connection, GivesUpOverAPathThatNeverHeals) {
  Connection connection(both_ways({partition(1_s, 3600_s)}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
  ASSERT_TRUE(connection.try_connect());
  EXPECT_FALSE(connection.deliver(2 * kSecond, Side::Client, 1000).has_value());
  Connection late(both_ways({partition(1_s, 3600_s)}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 2 * kSecond);
  EXPECT_FALSE(late.try_connect());
}

TEST(Connection, FeelsADelayFromTheMomentItIsThere) {
  Connection connection(both_ways({netem("delay 10ms", 1_s, 2_s)}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
  ASSERT_TRUE(connection.try_connect());
  for (const auto& [at, way] : {std::pair{Nanos{500}, 500}, {Nanos{1500}, 10'500}, {Nanos{2500}, 500}}) {
    const Nanos sent = at * kMillisecond;
    EXPECT_EQ(connection.deliver(sent, Side::Client, 100).value() - sent, way * kMicrosecond) << at;
  }
}

TEST(Connection, IsSlowerOnAverageTheMoreItLoses) {
  double before = 0.0;
  for (const char* words : {"loss 0%", "loss 0.5%", "loss 2%", "loss 5%", "loss 15%"}) {
    const auto schedule = both_ways({netem(words, Seconds{})});
    Connection connection(schedule, TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
    ASSERT_TRUE(connection.try_connect());
    const Nanos began = connection.now();
    for (int i = 0; i < 2000; ++i) ASSERT_TRUE(connection.deliver(connection.now(), Side::Server, 16384).has_value());
    const double mean = to_seconds(connection.now() - began).value() / 2000.0;
    EXPECT_GT(mean, before) << words;
    before = mean;
  }
}

TEST(Connection, CarriesNoMoreThanTheWire) {
  for (const char* words : {"delay 0ms", "delay 5ms", "loss 1%", "rate 100mbit"}) {
    const Degradation degradation = netem(words, Seconds{});
    Connection connection(both_ways({degradation}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
    ASSERT_TRUE(connection.try_connect());
    const Nanos began = connection.now();
    const Nanos took = connection.deliver(began, Side::Server, 4'000'000).value() - began;
    const BytesPerSecond rate = degradation.effect.rate.value_or(gigabit().rate);
    EXPECT_GE(to_seconds(took), Bytes::from_base(4e6) / rate) << words;
  }
}

TEST(Connection, SharesTheRateWithOthers) {
  const auto took = [](double num_users) {
    Connection connection(both_ways({netem("delay 1ms", Seconds{})}), TcpSettings{}, RandomSource(1, 0).stream("t"), 0, 0);
    EXPECT_TRUE(connection.try_connect());
    connection.share(Side::Server, num_users);
    const Nanos began = connection.now();
    return to_seconds(connection.deliver(began, Side::Server, 80'000'000).value() - began);
  };
  EXPECT_NEAR(took(4.0) / took(1.0), 4.0, 0.2) << "slow start is a small part of so much";
}

class PlainMessage : public testing::TestWithParam<std::tuple<double, double>> {};

TEST_P(PlainMessage, TakesAsLongAsItsPackets) {
  const auto [round_trip_ms, payload] = GetParam();
  Path path;
  path.rate = BytesPerSecond::from_base(125e6);
  path.round_trip = Seconds::from_base(round_trip_ms * 1e-3);
  path.queue = Bytes::from_base(1e9);
  Connection packets(path, TcpSettings{}, RandomSource(1, 0).stream("t"), 0);
  packets.connect();
  PlainSender plain;
  const PlainPath way{.rate = path.rate, .one_way = path.round_trip / 2.0, .round_trip = path.round_trip};
  const Nanos sent = packets.now();
  const double measured =
      to_seconds(packets.deliver(sent, Side::Server, static_cast<std::int64_t>(payload)).value() - sent).value();
  const double predicted = plain.send(to_seconds(sent), way, TcpSettings{}, Bytes::from_base(payload)).value();
  EXPECT_NEAR(predicted, measured, 0.3e-3);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PlainMessage,
                         testing::Combine(testing::Values(0.1, 1.0, 20.0, 100.0),
                                          testing::Values(100.0, 4096.0, 16384.0, 262144.0)));

TEST(PlainMessage, StartsAnewAfterAnIdleTime) {
  PlainSender plain;
  const PlainPath way{.rate = BytesPerSecond::from_base(125e6), .one_way = 50_ms, .round_trip = 100_ms};
  const Seconds cold = plain.send(Seconds{}, way, TcpSettings{}, 256_KiB);
  const Seconds warm = plain.send(1_s, way, TcpSettings{}, 256_KiB);
  const Seconds idle = plain.send(60_s, way, TcpSettings{}, 256_KiB);
  EXPECT_LT(warm, cold);
  EXPECT_EQ(idle, cold);
}

}  // namespace
}  // namespace labtwin::network
