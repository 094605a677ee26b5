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
  EXPECT_DOUBLE_EQ(netem.delay_correlation, 0.25);
  EXPECT_FALSE(netem.is_uniform);
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
  EXPECT_DOUBLE_EQ(parse_netem("delay 10ms reorder 50% gap 5").reorder, 0.1);
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
                    std::pair{"tc qdisc add root netem delay 1ms", "one interface"}));

}  // namespace
}  // namespace labtwin::network
