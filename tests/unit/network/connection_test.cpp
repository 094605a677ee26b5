// Packets between two ends: what theory says of them, and what no path may break.

#include "models/network/connection.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/base/error.hpp"
#include "models/network/goodput.hpp"
#include "models/network/request_response.hpp"

namespace labtwin::network {
namespace {

RandomStream luck() {
  return RandomSource(1, 0).stream("test");
}

Path path_of(double gbit, double round_trip_ms, double loss) {
  Path path;
  path.rate = BytesPerSecond::from_base(gbit * 125e6);
  path.round_trip = Seconds::from_base(round_trip_ms * 1e-3);
  path.to_client = LossModel::random(loss);
  path.to_server = LossModel::random(loss);
  return path;
}

double goodput_mbit(const Path& path, CongestionControl control) {
  TcpSettings settings;
  settings.control = control;
  const MeasuredSpan span{Seconds::from_base(1.0), Seconds::from_base(4.0)};
  double sum = 0.0;
  const auto draws = draw_goodput(path, settings, span, luck(), 4, 1e9);
  for (const BytesPerSecond rate : draws) sum += rate.value() * 8e-6;
  return sum / static_cast<double>(draws.size());
}

TEST(TickClock, RoundsAWaitUpToTheWheelAndOneTickMore) {
  const TickClock clock(4 * kMillisecond, 0);
  // 200 ms are 50 ticks, and one more: the kernel may not fire early.
  EXPECT_EQ(clock.expiry(0, clock.to_ticks(200'000)), 204 * kMillisecond);
  // 300 ms are 75 ticks, in steps of 8 from there on: 80 ticks.
  EXPECT_EQ(clock.expiry(0, clock.to_ticks(300'000)), 320 * kMillisecond);
}

TEST(LossProcess, LosesItsMeanShareOfPackets) {
  for (const LossModel& model : {LossModel::random(0.01), LossModel{.p = 0.01, .r = 0.2, .bad_loss = 0.5, .good_loss = 0.0}}) {
    LossProcess process(model, Variates(luck(), 7));
    constexpr int kNum = 400'000;
    int num_lost = 0;
    for (int i = 0; i < kNum; ++i) num_lost += process.lose() ? 1 : 0;
    // Five standard deviations; bursts of up to ten packets widen them by sqrt(10).
    EXPECT_NEAR(num_lost / static_cast<double>(kNum), model.mean(), 5.0 * std::sqrt(10.0 * model.mean() / kNum));
  }
}

TEST(Connection, TakesOneRoundTripForTheHandshakeAndOneForARequest) {
  Connection connection(path_of(1.0, 10.0, 0.0), TcpSettings{}, luck(), 0);
  connection.connect();
  EXPECT_EQ(connection.now(), 10 * kMillisecond);
  connection.write(Side::Client, 100);
  ASSERT_TRUE(connection.run_until_arrived(Side::Client, kNever - 1));
  connection.write(Side::Server, 100);
  ASSERT_TRUE(connection.run_until_arrived(Side::Server, kNever - 1));
  EXPECT_EQ(connection.now(), 20 * kMillisecond);
}

TEST(Connection, DoublesItsWindowEachRoundTrip) {
  // 10 + 20 + 40 segments of 1448 B in three rounds, the last one half a round trip long.
  Connection connection(path_of(100.0, 100.0, 0.0), TcpSettings{}, luck(), 0);
  connection.connect();
  connection.write(Side::Server, 70L * 1448L);
  ASSERT_TRUE(connection.run_until_arrived(Side::Server, kNever - 1));
  EXPECT_NEAR(static_cast<double>(connection.now()), 350e6, 1e6);
}

TEST(Connection, WaitsForTheTimeoutWhereALonePacketIsLost) {
  // The chance that neither request nor response is lost is 0.81; those that are take the 200 ms of the smallest timeout.
  int num_slow = 0;
  constexpr int kNum = 2000;
  Connection connection(path_of(1.0, 1.0, 0.1), TcpSettings{}, luck(), 3);
  connection.connect();
  for (int i = 0; i < kNum; ++i) {
    const Nanos begin = connection.now();
    connection.write(Side::Client, 100);
    ASSERT_TRUE(connection.run_until_arrived(Side::Client, kNever - 1));
    connection.write(Side::Server, 100);
    ASSERT_TRUE(connection.run_until_arrived(Side::Server, kNever - 1));
    const Nanos took = connection.now() - begin;
    if (took <= 2 * kMillisecond) continue;
    EXPECT_GE(took, 200 * kMillisecond);
    ++num_slow;
  }
  EXPECT_NEAR(num_slow / static_cast<double>(kNum), 0.19, 5.0 * std::sqrt(0.19 * 0.81 / kNum));
}

TEST(Connection, NoticesALostAnswerAtOnceWhereTheServerClosesBehindIt) {
  // The end of the connection arrives instead of the answer, and tells: no timeout of 200 ms.
  int num_slow = 0;
  constexpr int kNum = 1000;
  for (std::uint64_t i = 0; i < kNum; ++i) {
    Path path = path_of(1.0, 1.0, 0.0);
    path.to_client = LossModel::random(0.1);
    Connection connection(path, TcpSettings{}, luck(), i);
    if (!connection.try_connect() || connection.now() > 10 * kMillisecond) continue;
    connection.write(Side::Client, 100);
    ASSERT_TRUE(connection.run_until_arrived(Side::Client, kNever - 1));
    const Nanos begin = connection.now();
    connection.write(Side::Server, 100, After::Close);
    ASSERT_TRUE(connection.run_until_arrived(Side::Server, kNever - 1));
    num_slow += connection.now() - begin > 100 * kMillisecond ? 1 : 0;
  }
  // Only where answer and end are lost, and what repairs them is as well.
  EXPECT_LT(num_slow / static_cast<double>(kNum), 0.01);
}

TEST(Connection, WaitsForALargerBurstOnlyNearTheReceiver) {
  // A window of some 30 packets loses a packet now and then; what is measured is how much less than the square-root law, which
  // knows no bursts, a short round trip gets: nothing at 20 ms, some per cent at 1 ms.
  const auto segments_per_round = [](double round_trip_ms) {
    return goodput_mbit(path_of(10.0, round_trip_ms, 0.002), CongestionControl::Reno) * 1e6 / 8.0 / 1448.0 * round_trip_ms *
           1e-3;
  };
  const double near = segments_per_round(1.0);
  const double far = segments_per_round(10.0);
  EXPECT_LT(near, 0.97 * far);
  EXPECT_GT(near, 0.7 * far);
}

TEST(Connection, TakesLongerWithMoreLossAndALongerRoundTrip) {
  const auto mean_time = [](double round_trip_ms, double loss) {
    double sum = 0.0;
    const Exchange exchange{
        .connect_each_time = false, .request = Bytes::from_base(1024.0), .response = Bytes::from_base(65536.0), .think = {}};
    const RequestTimes times = draw_requests(path_of(1.0, round_trip_ms, loss), TcpSettings{}, exchange, luck(), 2000);
    for (const double time : times.total) sum += time;
    return sum / static_cast<double>(times.total.size());
  };
  double before = 0.0;
  for (const double loss : {0.0, 0.005, 0.02, 0.1}) {
    const double now = mean_time(5.0, loss);
    EXPECT_GT(now, before);
    before = now;
  }
  EXPECT_LT(mean_time(1.0, 0.01), mean_time(5.0, 0.01));
  EXPECT_LT(mean_time(5.0, 0.01), mean_time(50.0, 0.01));
}

TEST(Connection, NeverGetsAnythingAcrossAPathThatLosesAll) {
  EXPECT_THROW(Connection(path_of(1.0, 1.0, 1.0), TcpSettings{}, luck(), 0).connect(), ModelError);
}

TEST(Connection, GivesTheSamePacketsForTheSameSeed) {
  const Path path = path_of(1.0, 5.0, 0.02);
  EXPECT_EQ(goodput_mbit(path, CongestionControl::Cubic), goodput_mbit(path, CongestionControl::Cubic));
}

TEST(Goodput, ReachesTheWireAndNotMore) {
  EXPECT_NEAR(wire_goodput(BytesPerSecond::from_base(125e6), Bytes::from_base(1500.0)).value() * 8e-6, 941.48, 0.01);
  for (const CongestionControl control : {CongestionControl::Reno, CongestionControl::Cubic}) {
    EXPECT_NEAR(goodput_mbit(path_of(1.0, 1.0, 0.0), control), 941.5, 0.2);
  }
}

TEST(Goodput, FallsWithLossAndWithTheRoundTrip) {
  for (const CongestionControl control : {CongestionControl::Reno, CongestionControl::Cubic}) {
    double before = 1e9;
    for (const double loss : {0.0, 0.002, 0.01, 0.05}) {
      const double now = goodput_mbit(path_of(1.0, 5.0, loss), control);
      EXPECT_LT(now, before);
      before = now;
    }
    EXPECT_LT(goodput_mbit(path_of(1.0, 20.0, 0.01), control), goodput_mbit(path_of(1.0, 5.0, 0.01), control));
  }
}

TEST(Goodput, OfRenoUnderLossIsNearTheSquareRootLaw) {
  // Mathis et al. 1997 with every second packet acknowledged at the rate of all: W = 1.22 to 1.32 / sqrt(p).
  const double segments = goodput_mbit(path_of(10.0, 10.0, 0.004), CongestionControl::Reno) * 1e6 / 8.0 / 1448.0 * 0.010;
  EXPECT_NEAR(segments * std::sqrt(0.004), 1.2, 0.2);
}

TEST(Goodput, WindowsBoundAFlowOnlyOnALongPath) {
  const BytesPerSecond gigabit = BytesPerSecond::from_base(125e6);
  EXPECT_FALSE(window_bound(gigabit, Seconds::from_base(0.001), TcpSettings{}).has_value());
  EXPECT_FALSE(window_bound(gigabit, Seconds{}, TcpSettings{}).has_value());
  // 2.64 MB of payload in packets of 1448 B, 1538 B each on the wire, per 100 ms.
  const auto bound = window_bound(gigabit, Seconds::from_base(0.1), TcpSettings{});
  ASSERT_TRUE(bound.has_value());
  EXPECT_NEAR(bound->value(), 4194304.0 * 1538.0 / 2304.0 * 10.0, 1e3);
}

TEST(Goodput, OfALosslessPathIsBoundByTheBuffers) {
  Path path = path_of(10.0, 100.0, 0.0);
  // 6 MiB / 2 would allow 3.1 MB, 4 MiB x 1448 / 2304 allow 2.64 MB per round trip of 100 ms.
  EXPECT_NEAR(lossless_goodput(path, TcpSettings{}).value() * 8e-6, 4194304.0 * 1448.0 / 2304.0 * 8e-5, 0.2);
}

}  // namespace
}  // namespace labtwin::network
