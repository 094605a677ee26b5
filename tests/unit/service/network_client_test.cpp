#include "sim/service/network_client.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "models/topology/routes.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;

constexpr OwnerId kUser = 0;
constexpr OwnerId kCut = 1;
constexpr ResourceId kNetwork = 0;
constexpr ResourceId kPool = 1;

topology::Topology wire() {
  topology::Topology network;
  const topology::NodeId client = network.add_node("client");
  const topology::NodeId server = network.add_node("server");
  network.add_link({.name = "wire",
                    .from = client,
                    .to = server,
                    .bandwidth = BytesPerSecond::from_base(125e6),
                    .latency = Seconds::from_base(1e-12)});
  return network;
}

network::Degradation partition(Seconds from, Seconds until) {
  return {.name = "cut", .from = from, .until = until, .effect = {}, .is_partition = true, .flap = {}};
}

/// A gigabit and 10 ms each way.
NetworkWay way_of(const topology::Topology& network, const std::vector<network::Degradation>& degradations) {
  NetworkWay way;
  way.to_server = topology::route(network, 0, 1);
  way.to_client = topology::route(network, 1, 0);
  way.plain = {.rate = BytesPerSecond::from_base(125e6), .one_way = 10_ms, .round_trip = 20_ms};
  if (degradations.empty()) return way;
  network::PipeSettings pipe;
  pipe.rate = way.plain.rate;
  pipe.delay = 10 * network::kMillisecond;
  pipe.queue_bytes = 1e6;
  const network::PipeSchedule schedule = network::degraded(pipe, degradations, 3600_s);
  way.packets = std::make_shared<const network::PathSchedule>(network::PathSchedule{schedule, schedule});
  for (const network::Degradation& one : degradations) way.degradations.push_back({one, kCut});
  return way;
}

struct CallEnd {
  Seconds at;
  std::optional<Outcome> outcome;
  Timeline timeline;
};

struct Lab {
  explicit Lab(const std::vector<network::Degradation>& degradations = {}, const ConnectionPolicy& policy = {})
      : client(engine, RandomSource(1, 0).stream("network"),
               {.network = kNetwork, .pool = kPool, .way = way_of(network, degradations), .policy = policy}) {}
  ~Lab() { engine.end_processes(); }

  Task<Outcome> call(CallRecord& record, Seconds work) {
    NetworkClient::Call call;
    const Outcome sent = co_await client.send(1_KiB, call, record);
    if (sent != Outcome::Completed) co_return sent;
    co_await engine.hold(work);
    record.add_service(2, work);
    co_return co_await client.receive(1_KiB, call, record);
  }
  Task<> calls(Seconds at, int number, Seconds limit, Seconds work = {}) {
    co_await engine.hold_until(at);
    for (int i = 0; i < number; ++i) {
      CallRecord record(kUser);
      const Seconds began = engine.now();
      Task<Outcome> one = call(record, work);
      const std::optional<Outcome> outcome = co_await engine.with_timeout(std::move(one), limit);
      if (!outcome) record.give_up(engine.now() - began);
      EXPECT_NEAR(record.timeline().total().value(), (engine.now() - began).value(), 1e-9);
      ends.push_back({engine.now(), outcome, record.timeline()});
    }
  }

  topology::Topology network = wire();
  Engine engine{network};
  NetworkClient client;
  std::vector<CallEnd> ends;
};

TEST(NetworkClient, TakesARoundTripToConnectAndOnePerCall) {
  Lab lab;
  lab.engine.spawn("calls", lab.calls(Seconds{}, 2, 1_s));
  lab.engine.run();
  ASSERT_EQ(lab.ends.size(), 2U);
  // 1024 B and 90 B of headers and framing each way.
  const double wires = 2.0 * 1114.0 / 125e6;
  EXPECT_NEAR(lab.ends[0].at.value(), 0.040 + wires, 1e-9);
  EXPECT_NEAR((lab.ends[1].at - lab.ends[0].at).value(), 0.020 + wires, 1e-9);
  EXPECT_EQ(lab.client.num_opened(), 1U);
}

TEST(NetworkClient, OverPacketsTakesAsLongWhereNothingIsDone) {
  // Packets are simulated, as the way is cut off later. Two full packets pass a token bucket at once, so a small one is not
  // held up by the wire.
  Lab lab({partition(100_s, 101_s)});
  lab.engine.spawn("calls", lab.calls(Seconds{}, 2, 1_s));
  lab.engine.run();
  EXPECT_NEAR(lab.ends[0].at.value(), 0.040, 20e-6);
  EXPECT_NEAR((lab.ends[1].at - lab.ends[0].at).value(), 0.020, 20e-6);
}

TEST(NetworkClient, ATimeoutInAPartitionFiresExactlyWhenDue) {
  Lab lab({partition(1_s, 600_s)});
  lab.engine.spawn("calls", lab.calls(Seconds{}, 1, 1_s));
  lab.engine.spawn("cut off", lab.calls(2_s, 3, Seconds::from_base(0.7)));
  lab.engine.run();
  ASSERT_EQ(lab.ends.size(), 4U);
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_FALSE(lab.ends[i].outcome.has_value());
    EXPECT_DOUBLE_EQ(lab.ends[i].at.value(), 2.0 + 0.7 * static_cast<double>(i));
    // Whoever cut the way off is charged for it.
    for (const Segment& segment : lab.ends[i].timeline.segments()) {
      EXPECT_EQ(segment.resource, kNetwork);
      EXPECT_EQ(segment.culprit, kCut);
    }
  }
}

network::Degradation toxic(network::Toxic::Type type, Seconds time, double toxicity = 1.0) {
  network::Degradation one{.name = "toxic", .from = {}, .until = std::nullopt, .effect = {}, .is_partition = false, .flap = {}};
  one.toxic.emplace();
  one.toxic->type = type;
  one.toxic->latency = time;
  one.toxic->toxicity = toxicity;
  return one;
}

TEST(NetworkClient, AProxyDelaysMessagesOfItsDirectionAndIsCharged) {
  Lab lab;
  NetworkWay way = way_of(lab.network, {});
  way.degradations.push_back({toxic(network::Toxic::Type::Latency, 300_ms), kCut, network::Side::Server});
  way.degradations.push_back({toxic(network::Toxic::Type::Latency, 50_s, 0.0), kCut, network::Side::Client});  // never acts
  NetworkClient slow(lab.engine, RandomSource(1, 0).stream("network"),
                     {.network = kNetwork, .pool = kPool, .way = way, .policy = {}});
  Seconds ended;
  auto one = [](NetworkClient& client, Seconds& at, Engine& engine) -> Task<> {
    CallRecord record(kUser);
    NetworkClient::Call call;
    EXPECT_EQ(co_await client.send(1_KiB, call, record), Outcome::Completed);
    EXPECT_EQ(co_await client.receive(1_KiB, call, record), Outcome::Completed);
    at = engine.now();
    EXPECT_EQ(record.timeline().segments().back().culprit, kCut);
  };
  lab.engine.spawn("call", one(slow, ended, lab.engine));
  lab.engine.run();
  // A round trip to connect, one for the call, 1024 B and 90 B of headers and framing each way, and what the proxy does.
  EXPECT_NEAR(ended.value(), 0.040 + 2.0 * 1114.0 / 125e6 + 0.3, 1e-9);
}

TEST(NetworkClient, AResetFailsTheCall) {
  Lab lab;
  NetworkWay way = way_of(lab.network, {});
  way.degradations.push_back({toxic(network::Toxic::Type::ResetPeer, {}), kCut, network::Side::Client});
  NetworkClient reset(lab.engine, RandomSource(1, 0).stream("network"),
                      {.network = kNetwork, .pool = kPool, .way = way, .policy = {}});
  auto one = [](NetworkClient& client) -> Task<> {
    CallRecord record(kUser);
    NetworkClient::Call call;
    EXPECT_EQ(co_await client.send(1_KiB, call, record), Outcome::Failed);
  };
  lab.engine.spawn("call", one(reset));
  lab.engine.run();
}

TEST(NetworkClient, GoesOnWhenThePartitionHeals) {
  Lab lab({partition(1_s, 2_s)});
  lab.engine.spawn("calls", lab.calls(Seconds::from_base(1.5), 1, 60_s));
  lab.engine.run();
  EXPECT_EQ(lab.ends.at(0).outcome, Outcome::Completed);
  // A lost SYN is sent again after a second.
  EXPECT_GT(lab.ends[0].at.value(), 2.5);
  EXPECT_LT(lab.ends[0].at.value(), 2.6);
}

TEST(NetworkClient, OpensAConnectionPerCallIfItKeepsNone) {
  Lab lab({}, {.max_connections = 4, .is_kept = false, .idle_timeout = 90_s});
  lab.engine.spawn("calls", lab.calls(Seconds{}, 3, 1_s));
  lab.engine.run();
  EXPECT_EQ(lab.client.num_opened(), 3U);
}

TEST(NetworkClient, ClosesTheConnectionOfACallThatWasGivenUp) {
  Lab lab;
  lab.engine.spawn("late", lab.calls(Seconds{}, 1, 100_ms, 1_s));
  lab.engine.spawn("after it", lab.calls(1_s, 1, 1_s));
  lab.engine.run();
  EXPECT_FALSE(lab.ends[0].outcome.has_value());
  EXPECT_DOUBLE_EQ(lab.ends[0].at.value(), 0.1);
  EXPECT_EQ(lab.ends[1].outcome, Outcome::Completed);
  EXPECT_EQ(lab.client.num_opened(), 2U);
}

TEST(NetworkClient, CallsBeyondThePoolWaitForAConnection) {
  Lab lab({}, {.max_connections = 1, .is_kept = true, .idle_timeout = 90_s});
  lab.engine.spawn("first", lab.calls(Seconds{}, 1, 10_s, 1_s));
  lab.engine.spawn("second", lab.calls(Seconds{}, 1, 10_s, 1_s));
  lab.engine.run();
  ASSERT_EQ(lab.ends.size(), 2U);
  EXPECT_NEAR((lab.ends[1].at - lab.ends[0].at).value(), 1.02, 1e-4);
  EXPECT_EQ(lab.client.num_opened(), 1U);
  const Segment& first = lab.ends[1].timeline.segments().front();
  EXPECT_EQ(first.resource, kPool);
  EXPECT_EQ(first.kind, DelayKind::Waiting);
}

}  // namespace
}  // namespace labtwin::service
