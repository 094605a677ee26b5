// A ring before a socket, as datagrams pass them.

#include "sim/service/datagram_queue.hpp"

#include <gtest/gtest.h>

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

constexpr PerSecond kRate = PerSecond::from_base(20'000.0);

struct Receiver {
  Receiver() : socket(engine, slow), ring(engine, network::ring_receiver(256.0, 1_us, 1.0), [this] { feed(); }) {}
  void feed() { socket.set_arrivals(ring.departures()); }

  Engine engine;
  network::DatagramReceiver slow{.capacity = 92.0, .service_rate = PerSecond::from_base(100'000.0)};
  DatagramQueue socket;
  DatagramQueue ring;
};

TEST(DatagramQueue, ARingLosesWhatComesWhileInterruptsWait) {
  Receiver receiver;
  auto stall = [](Receiver& r) -> Task<> {
    r.ring.set_arrivals(kRate);
    co_await r.engine.hold(1_s);
    r.ring.stall();
    co_await r.engine.hold(20_ms);
    r.ring.resume();
    co_await r.engine.hold(1_s);
  };
  receiver.engine.spawn("stall", stall(receiver));
  receiver.engine.run();
  // Of 400 that come in 20 ms the ring holds 256. They leave it at ten times the rate of the reader, so that the socket fills
  // up.
  EXPECT_NEAR(receiver.ring.num_lost(), 144.0, 0.5);
  const double burst_s = 256.0 / (1e6 - 2e4);
  EXPECT_NEAR(receiver.socket.num_lost(), (1e6 - 1e5) * burst_s - 92.0, 0.5);
}

TEST(DatagramQueue, AMarkPassesRingAndSocketInOrder) {
  Receiver receiver;
  Seconds read;
  auto pass = [](Receiver& r, Seconds& at) -> Task<> {
    r.ring.set_arrivals(kRate);
    co_await r.engine.hold(1_s);
    r.ring.stall();
    co_await r.engine.hold(1_ms);  // 20 others come
    auto mark = [](Receiver& here, Seconds& when) -> Task<> {
      EXPECT_TRUE(co_await here.ring.pass(7, 0.5));
      EXPECT_TRUE(co_await here.socket.pass(7, 0.5));
      when = here.engine.now();
    };
    r.engine.spawn("mark", mark(r, at));
    co_await r.engine.hold(2_ms);
    r.ring.resume();
    co_await r.engine.hold(1_s);
  };
  receiver.engine.spawn("pass", pass(receiver, read));
  receiver.engine.run();
  // 3 ms of the stall, 20 others of 1 us in the ring and of 10 us each at the socket, whose reads begin with the first.
  EXPECT_NEAR(read.value(), 1.003 + 20.0 * 10e-6, 5e-6);
}

TEST(DatagramQueue, APacketPerFragmentFillsTheRing) {
  const network::DatagramReceiver ring = network::ring_receiver(256.0, 1_us, 7.0);
  EXPECT_DOUBLE_EQ(ring.capacity, 256.0 / 7.0);
  EXPECT_DOUBLE_EQ(ring.service_rate.value(), 1e6 / 7.0);
}

}  // namespace
}  // namespace labtwin::service
