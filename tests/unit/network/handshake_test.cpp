// How connections open over paths that lose packets.

#include "models/network/handshake.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace labtwin::network {
namespace {

RandomStream luck() {
  return RandomSource(1, 0).stream("test");
}

PipeSchedule way(double loss) {
  PipeSettings settings;
  settings.rate = BytesPerSecond::from_base(125e6);
  settings.delay = 5 * kMillisecond;
  settings.queue_bytes = 1e6;
  settings.loss = LossModel::random(loss);
  return {{.from = 0, .settings = settings}};
}

Opening open(const PipeSchedule& there, const PipeSchedule& back, std::uint64_t entity) {
  Pipe to_server(there, 0, Variates(luck(), 4 * entity), Variates(luck(), 4 * entity + 1));
  Pipe to_client(back, 0, Variates(luck(), 4 * entity + 2), Variates(luck(), 4 * entity + 3));
  return Handshake(TickClock(4 * kMillisecond, 0), to_server, to_client).run(0);
}

TEST(Handshake, TakesARoundTripThatBothEndsMeasure) {
  const Opening opening = open(way(0.0), way(0.0), 0);
  EXPECT_TRUE(opening.is_open);
  EXPECT_EQ(opening.at, 10 * kMillisecond);
  EXPECT_EQ(opening.client_round_trip_us, 10'000);
  EXPECT_EQ(opening.server_round_trip_us, 10'000);
}

TEST(Handshake, GivesUpWhenAllSynsAreLost) {
  const Opening opening = open(way(1.0), way(0.0), 0);
  EXPECT_FALSE(opening.is_open);
  // Seven: five waits of 1 s, one of 2 s, one of 4 s, each rounded up by the timer wheel.
  EXPECT_GE(opening.at, 11 * kSecond);
  EXPECT_LE(opening.at, 12 * kSecond);
}

TEST(Handshake, ALostAnswerHasTwoChancesASecondLaterAndALostSynOne) {
  constexpr int kNum = 40'000;
  constexpr double kLoss = 0.1;
  int num_late = 0;
  int num_very_late = 0;
  for (int i = 0; i < kNum; ++i) {
    const Nanos at = open(way(kLoss), way(kLoss), static_cast<std::uint64_t>(i)).at;
    num_late += at > kSecond / 2 ? 1 : 0;
    num_very_late += at > 3 * kSecond / 2 ? 1 : 0;
  }
  const double late = 1.0 - (1.0 - kLoss) * (1.0 - kLoss);
  // The SYN is lost, and then SYN or answer; or the answer, and then both of those that follow it.
  const double very_late = kLoss * late + (1.0 - kLoss) * kLoss * kLoss * late;
  EXPECT_NEAR(num_late / static_cast<double>(kNum), late, 5.0 * std::sqrt(late / kNum));
  EXPECT_NEAR(num_very_late / static_cast<double>(kNum), very_late, 5.0 * std::sqrt(very_late / kNum));
}

TEST(Handshake, AClientTakesTheTimeSinceTheFirstSynThatArrivedForTheRoundTrip) {
  // Answers are lost for the first half second.
  PipeSchedule back = way(1.0);
  back.push_back({.from = kSecond / 2, .settings = way(0.0).front().settings});
  const Opening opening = open(way(0.0), back, 0);
  EXPECT_TRUE(opening.is_open);
  EXPECT_GE(opening.client_round_trip_us, 1'000'000);
  // The server knows which of its answers was acknowledged.
  EXPECT_NEAR(static_cast<double>(opening.server_round_trip_us), 10'000.0, 1000.0);
}

}  // namespace
}  // namespace labtwin::network
