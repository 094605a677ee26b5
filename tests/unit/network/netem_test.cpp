#include "models/network/netem.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"

namespace labtwin::network {
namespace {

TEST(Netem, ReadsACommandThatWasRunForReal) {
  const Netem netem = parse_netem(
      "sudo tc qdisc add dev eth0 root netem delay 100ms 10ms 25% distribution normal loss 1.5% rate 10mbit limit 5000");
  EXPECT_EQ(netem.interface, "eth0");
  EXPECT_DOUBLE_EQ(netem.delay.value(), 0.1);
  EXPECT_DOUBLE_EQ(netem.jitter.value(), 0.01);
  EXPECT_EQ(netem.shape, DelayShape::Normal);
  EXPECT_DOUBLE_EQ(netem.loss.mean(), 0.015);
  ASSERT_TRUE(netem.rate.has_value());
  EXPECT_DOUBLE_EQ(netem.rate->value(), 1.25e6);
  EXPECT_EQ(netem.limit_packets, 5000);
}

TEST(Netem, MeanLossOfTwoStatesIsThatOfTheirStationaryShares) {
  // 1 % to bad, 9 % back: a tenth of the packets meet the bad state, which loses half of them.
  EXPECT_NEAR(parse_netem("loss gemodel 1% 9% 50%").loss.mean(), 0.05, 1e-12);
  // p alone is random loss.
  EXPECT_NEAR(parse_netem("loss gemodel 2%").loss.mean(), 0.02, 1e-12);
}

TEST(Netem, CorrelatedSharesHardlyEverComeUp) {
  // As the kernel's generator does, by iterating it: 1 % becomes 0.0002 %, 5 % 0.19 %, 10 % 1.8 %.
  EXPECT_NEAR(parse_netem("loss 1% 25%").loss.mean(), 2e-6, 1.5e-6);
  EXPECT_NEAR(parse_netem("loss random 5% 25%").loss.mean(), 0.0019, 0.0002);
  EXPECT_NEAR(parse_netem("loss 10% 25%").loss.mean(), 0.018, 0.001);
  EXPECT_DOUBLE_EQ(parse_netem("loss 10% 0%").loss.mean(), 0.1);
  // Nearly every packet skips the delay.
  EXPECT_GT(parse_netem("delay 10ms reorder 99% 50%").reorder, 0.9999);
  // Four are delayed in any case, then two on average until one overtakes; in either order of the words.
  EXPECT_DOUBLE_EQ(parse_netem("delay 10ms reorder 50% gap 5").reorder, 1.0 / 6.0);
  EXPECT_DOUBLE_EQ(parse_netem("gap 5 delay 10ms reorder 50%").reorder, 1.0 / 6.0);
}

TEST(Netem, DegradesTheDirectionThatItsInterfaceSendsInto) {
  Path path;
  path.round_trip = Seconds::from_base(0.001);
  parse_netem("delay 50ms loss 2% rate 8mbit").apply(path, true);
  EXPECT_DOUBLE_EQ(path.round_trip.value(), 0.051);
  EXPECT_DOUBLE_EQ(path.to_client.mean(), 0.02);
  EXPECT_DOUBLE_EQ(path.to_server.mean(), 0.0);
  EXPECT_DOUBLE_EQ(path.rate.value(), 1e6);
}

TEST(Netem, SaysWhereWordsDoNotDoWhatTheySeemTo) {
  ASSERT_EQ(parse_netem("loss 1% 25%").caveats.size(), 1U);
  EXPECT_NE(parse_netem("loss 1% 25%").caveats[0].find("gemodel"), std::string::npos);
  EXPECT_EQ(parse_netem("delay 100ms 20ms 25%").caveats.size(), 1U);
  EXPECT_EQ(parse_netem("tc qdisc add dev eth0 parent 1:3 handle 30: netem loss 1%").caveats.size(), 1U);
  EXPECT_TRUE(parse_netem("tc qdisc add dev eth0 root netem delay 100ms 20ms distribution pareto loss 1%").caveats.empty());
}

TEST(Netem, ReadsEveryFormThatStandsInManuals) {
  EXPECT_EQ(parse_netem("delay 100msec 10usecs distribution paretonormal").shape, DelayShape::ParetoNormal);
  EXPECT_EQ(parse_netem("tc qdisc replace dev eth0 handle 1: root netem loss 5% ecn").interface, "eth0");
  EXPECT_DOUBLE_EQ(parse_netem("rate 1Mibit").rate->value(), 1024.0 * 1024.0 / 8.0);
  // 14 B of Ethernet and 20 on top, in cells of 64 that take 72: a packet of 100 B takes three.
  EXPECT_DOUBLE_EQ(parse_netem("rate 10mbit 20 64 8").framing.taken(100.0), 3.0 * 72.0);
  EXPECT_DOUBLE_EQ(parse_netem("rate 10mbit -14").framing.taken(100.0), 100.0);
  EXPECT_EQ(parse_netem("delay 1ms").limit_packets, 1000);
}

TEST(Netem, ReadsATokenBucketBesideIt) {
  for (const char* separator : {" && ", "; ", "\n", " &&\\\n"}) {
    const std::string lines = std::string("tc qdisc add dev eth0 root handle 1: netem delay 100ms") + separator +
                              "tc qdisc add dev eth0 parent 1: handle 2: tbf rate 8mbit burst 32kbit latency 400ms";
    const Netem netem = parse_netem(lines);
    EXPECT_DOUBLE_EQ(netem.delay.value(), 0.1);
    ASSERT_TRUE(netem.bucket.has_value());
    EXPECT_DOUBLE_EQ(netem.bucket->rate.value(), 1e6);
    EXPECT_DOUBLE_EQ(netem.bucket->burst.value(), 4096.0);
    EXPECT_DOUBLE_EQ(netem.bucket->limit.value(), 404'096.0);
    EXPECT_TRUE(netem.caveats.empty());
  }
  EXPECT_EQ(parse_netem("tc qdisc add dev eth0 root tbf rate 256kbit buffer 1600 limit 3000").bucket->limit.value(), 3000.0);
}

TEST(Netem, FourStatesLoseTheirStationaryShare) {
  // 5 % of gaps end in a burst; a burst goes on with 3 of 4 packets, half of these received.
  const LossModel model = parse_netem("loss state 5% 25% 25% 50% 1%").loss;
  LossProcess process(model, Variates(RandomSource(1, 0).stream("test"), 0));
  constexpr int kNum = 400'000;
  int lost = 0;
  for (int i = 0; i < kNum; ++i) lost += process.lose() ? 1 : 0;
  // Of gaps, losses in a burst, received in it, losses alone: 1, 0.2, 0.1 and 0.01.
  EXPECT_NEAR(model.mean(), 0.21 / 1.31, 1e-12);
  EXPECT_NEAR(static_cast<double>(lost) / kNum, model.mean(), 0.005);
  EXPECT_NEAR(both(model, LossModel::random(0.5)).mean(), 1.0 - 0.5 * (1.1 / 1.31), 1e-12);
}

class WrongNetem : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(WrongNetem, GetsOneMessageThatNamesTheRule) {
  try {
    static_cast<void>(parse_netem(GetParam().first));
    FAIL() << GetParam().first;
  } catch (const ConfigError& error) {
    ASSERT_EQ(error.diagnostics().size(), 1U);
    EXPECT_NE(std::string(error.what()).find(GetParam().second), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Words, WrongNetem,
    testing::Values(std::pair{"delay -5ms", "must not be negative"}, std::pair{"loss 101%", "between 0 and 100 %"},
                    std::pair{"delay 5 parsecs", "no word of netem"}, std::pair{"delay 5parsecs", "no unit of time"},
                    std::pair{"lose 1%", "did you mean"}, std::pair{"delay", "must be followed by a value"},
                    std::pair{"rate 0mbit", "greater than 0"}, std::pair{"reorder 25% 50%", "needs a delay"},
                    std::pair{"tc qdisc add root netem delay 1ms", "one interface"},
                    std::pair{"gap 5 delay 1ms", "needs `reorder`"}, std::pair{"delay nanms", "must be a number"},
                    std::pair{"limit 0", "at least 1"}, std::pair{"limit 1e300", "at least 1"},
                    std::pair{"loss state 1% 0%", "must leave a burst"},
                    std::pair{"delay 1ms distribution cauchy", "paretonormal"},
                    std::pair{"tc qdisc del dev eth0 root", "end with `to`"},
                    std::pair{"tc qdisc show dev eth0", "degrades nothing"},
                    std::pair{"tc qdisc add dev eth0 root prio", "netem and tbf are"},
                    std::pair{"tc filter add dev eth0 protocol ip", "is not simulated"},
                    std::pair{"tc qdisc add dev eth0 root tbf rate 1mbit limit 3000", "needs a burst"},
                    std::pair{"tc qdisc add dev eth0 root tbf rate 1mbit burst 10kb", "needs limit or latency"},
                    std::pair{"tc qdisc add dev eth0 root netem delay 1ms; tc qdisc add dev eth1 root netem loss 1%",
                              "another interface"}));

}  // namespace
}  // namespace labtwin::network
