#include "models/network/datagram_socket.hpp"

#include <gtest/gtest.h>

#include "models/network/udp_socket.hpp"

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

constexpr PerSecond per_second(double rate) {
  return PerSecond::from_base(rate);
}

void expect_conserved(const DatagramSocket& socket, double lost) {
  EXPECT_NEAR(socket.num_arrived(), socket.num_read() + lost + socket.backlog(), 1e-6 * socket.num_arrived());
}

TEST(DatagramSocket, LosesOfAStallWhatItDoesNotHold) {
  DatagramSocket socket({.capacity = 100.0, .service_rate = per_second(100'000.0)});
  socket.set_arrivals(Seconds{}, per_second(20'000.0));
  socket.stall(1_s);
  socket.resume(1_s + 20_ms);
  // 400 arrive, 100 are held.
  EXPECT_NEAR(socket.num_lost(2_s), 300.0, 1e-6);
  expect_conserved(socket, socket.num_lost(2_s));
}

TEST(DatagramSocket, AgreesWithTheClosedFormOfStalls) {
  DatagramSocket socket({.capacity = 92.0, .service_rate = per_second(1e6)});
  const DatagramStream stream{per_second(20'000.0), 10_s};
  socket.set_arrivals(Seconds{}, stream.rate);
  // The closed form counts 0.8 ms of waking up to each stall.
  for (Seconds at = 100_ms; at + 20_ms < 10_s; at += 120_ms) {
    socket.stall(at);
    socket.resume(at + 20_ms + 800_us);
  }
  const double lost = socket.num_lost(10_s) / (stream.rate * stream.duration);
  EXPECT_NEAR(lost, lost_in_stalls(stream, 92.0, 20_ms, 100_ms), 0.003);
}

TEST(DatagramSocket, AgreesWithTheClosedFormOfASlowReceiver) {
  DatagramSocket socket({.capacity = 200.0, .service_rate = per_second(5'000.0)});
  const DatagramStream stream{per_second(8'000.0), 10_s};
  socket.set_arrivals(Seconds{}, stream.rate);
  EXPECT_NEAR(socket.num_lost(10_s) / 80'000.0, lost_to_a_slow_receiver(stream, 200.0, 200_us), 1e-9);
  expect_conserved(socket, socket.num_lost(10_s));
}

TEST(DatagramSocket, AMarkIsReadAfterAllThatIsBeforeIt) {
  DatagramSocket socket({.capacity = 1000.0, .service_rate = per_second(10'000.0)});
  socket.set_arrivals(Seconds{}, per_second(5'000.0));
  socket.stall(1_s);
  ASSERT_TRUE(socket.offer(1_s + 40_ms, 7, 0.5));  // behind 200 others
  EXPECT_FALSE(socket.next_event().has_value());
  socket.resume(1_s + 100_ms);
  ASSERT_TRUE(socket.next_event().has_value());
  EXPECT_NEAR(socket.next_event()->value(), 1.12, 1e-9);
  EXPECT_TRUE(socket.advance(1_s + 119_ms).empty());
  EXPECT_EQ(socket.advance(1_s + 120_ms), std::vector<std::uint64_t>{7});
}

TEST(DatagramSocket, AFullSocketKeepsTheShareThatIsRead) {
  DatagramSocket socket({.capacity = 10.0, .service_rate = per_second(100.0)});
  socket.set_arrivals(Seconds{}, per_second(400.0));
  EXPECT_TRUE(socket.offer(10_s, 1, 0.24));
  EXPECT_FALSE(socket.offer(10_s, 2, 0.26));
  socket.stall(11_s);
  EXPECT_FALSE(socket.offer(12_s, 3, 1e-9));
}

TEST(DatagramSocket, LosesLessTheMoreItHoldsAndMoreTheLongerTheStall) {
  const auto lost = [](double capacity, Seconds stall) {
    DatagramSocket socket({.capacity = capacity, .service_rate = per_second(100'000.0)});
    socket.set_arrivals(Seconds{}, per_second(20'000.0));
    socket.stall(1_s);
    socket.resume(1_s + stall);
    return socket.num_lost(2_s);
  };
  EXPECT_GT(lost(50.0, 20_ms), lost(100.0, 20_ms));
  EXPECT_LT(lost(50.0, 10_ms), lost(50.0, 20_ms));
  EXPECT_EQ(lost(1000.0, 20_ms), 0.0);
}

TEST(DatagramOnWire, CountsFragments) {
  const DatagramOnWire whole = on_wire(Bytes::from_base(1472.0), Bytes::from_base(1500.0));
  EXPECT_DOUBLE_EQ(whole.num_packets, 1.0);
  EXPECT_DOUBLE_EQ(whole.bytes.value(), 1538.0);
  const DatagramOnWire parts = on_wire(Bytes::from_base(8900.0), Bytes::from_base(1500.0));
  EXPECT_DOUBLE_EQ(parts.num_packets, 7.0);
  EXPECT_DOUBLE_EQ(on_wire(Bytes::from_base(8900.0), Bytes::from_base(9000.0)).num_packets, 1.0);
}

}  // namespace
}  // namespace labtwin::network
