// The closed forms of sharing, queueing and sockets, against arithmetic.

#include <gtest/gtest.h>

#include <numeric>

#include "models/network/queueing_delay.hpp"
#include "models/network/sharing.hpp"
#include "models/network/udp_socket.hpp"

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

TEST(UdpSocket, HoldsAsManyDatagramsAsItsBufferHasRoomFor) {
  EXPECT_EQ(socket_capacity(Bytes::from_base(425984.0), 200_B), 332.0);
  EXPECT_EQ(socket_capacity(Bytes::from_base(425984.0), 1400_B), 184.0);
  EXPECT_EQ(socket_capacity(Bytes::from_base(425984.0), 8900_B), 25.0);
}

TEST(UdpSocket, LosesWhatAStallBringsBeyondItsCapacity) {
  // Five stalls begin in 3 s of 0.5 s awake and 0.1 s asleep; each brings 100.8 ms x 10000/s and keeps 8.
  const DatagramStream stream{10000_per_s, 3_s};
  EXPECT_NEAR(lost_in_stalls(stream, 8.0, 100_ms, 500_ms), 5.0 * 1000.0 / 30000.0, 1e-12);
  EXPECT_EQ(lost_in_stalls(stream, 1100.0, 100_ms, 500_ms), 0.0);
}

TEST(UdpSocket, LosesWhatASlowReceiverCannotServe) {
  // 1000 a second of 4000 a second, and what the socket still holds.
  EXPECT_NEAR(lost_to_a_slow_receiver({4000_per_s, 2_s}, 400.0, 1_ms), 1.0 - 2400.0 / 8000.0, 1e-12);
  EXPECT_EQ(lost_to_a_slow_receiver({500_per_s, 2_s}, 0.0, 1_ms), 0.0);
}

TEST(FlowShares, SumToTheWireAndAreEqualForEqualFlows) {
  const std::vector<double> equal = flow_shares({{20_ms, CongestionControl::Bbr}, {20_ms, CongestionControl::Bbr}}, 12_ms);
  EXPECT_DOUBLE_EQ(equal[0], 0.5);
  const std::vector<double> mixed = flow_shares(
      {{1_ms, CongestionControl::Cubic}, {20_ms, CongestionControl::Cubic}, {20_ms, CongestionControl::Bbr}}, 12_ms);
  EXPECT_NEAR(std::accumulate(mixed.begin(), mixed.end(), 0.0), 1.0, 1e-12);
  EXPECT_GT(mixed[0], mixed[1]);
  // Two of CUBIC against one of BBR: 2 / 11.5 to 1.
  EXPECT_NEAR(mixed[0] + mixed[1], (2.0 / 11.5) / (2.0 / 11.5 + 1.0), 1e-12);
}

TEST(QueueingDelay, OfAPlainQueueIsMostOfItAndOfAFairOneHalfAPacket) {
  const BytesPerSecond rate = BytesPerSecond::from_base(12.5e6);
  EXPECT_NEAR(fifo_delay(Bytes::from_base(1.25e6), rate).value(), 0.09, 1e-12);
  EXPECT_NEAR(fair_queue_delay(rate).value(), 769.0 / 12.5e6, 1e-12);
}

}  // namespace
}  // namespace labtwin::network
