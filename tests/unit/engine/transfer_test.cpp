#include "sim/engine/transfer.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "models/topology/routes.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {
namespace {

using topology::LinkId;
using topology::NodeId;
using topology::Route;
using topology::Sharing;
using topology::Topology;

LinkId add_link(Topology& lab, const char* name, NodeId from, NodeId to, double bandwidth, double latency,
                Sharing sharing = Sharing::FullDuplex) {
  return lab.add_link({.name = name,
                       .from = from,
                       .to = to,
                       .bandwidth = BytesPerSecond::from_base(bandwidth),
                       .latency = Seconds::from_base(latency),
                       .sharing = sharing});
}

constexpr Bytes kGigabyte = Bytes::from_base(1e9);

/// Two nodes and one link of 1 GB/s and 1 us.
struct Wire {
  explicit Wire(Sharing sharing) : link(add_link(lab, "wire", a, b, 1e9, 1e-6, sharing)) {}
  Topology lab;
  NodeId a = lab.add_node("a");
  NodeId b = lab.add_node("b");
  LinkId link;
  [[nodiscard]] Route there() const { return topology::route(lab, a, b); }
  [[nodiscard]] Route back() const { return topology::route(lab, b, a); }
};

/// Starts transfers and notes their results in order of submission and their ends in order of completion.
class Bench {
 public:
  explicit Bench(const Topology& lab, EngineOptions options = {}) : engine(lab, options) {}

  Process send(Route route, Bytes bytes, OwnerId owner = 0, Seconds at = Seconds{}) {
    results.emplace_back();
    return engine.spawn("flow", flow(std::move(route), bytes, owner, at, results.size() - 1));
  }
  [[nodiscard]] double elapsed(std::size_t i) const { return results[i].elapsed.value(); }

  Engine engine;
  std::vector<TransferResult> results;
  std::vector<std::size_t> order;

 private:
  Task<> flow(Route route, Bytes bytes, OwnerId owner, Seconds at, std::size_t index) {
    co_await engine.hold_until(at);
    TransferResult result = co_await engine.transfer(route, bytes, {.owner = owner});
    results[index] = result;
    order.push_back(index);
  }
};

double sum(const Causes& causes) {
  double total = 0.0;
  for (const Cause& cause : causes) total += cause.duration.value();
  return total;
}

TEST(Transfer, TakesLatencyPlusBytesOverBandwidth) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  const std::vector<double> sizes{1.0, 4096.0, 1e6, 16e9};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    bench.send(wire.there(), Bytes::from_base(sizes[i]), 0, Seconds::from_base(100.0 * static_cast<double>(i)));
  }
  bench.engine.run();
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_NEAR(bench.elapsed(i), 1e-6 + sizes[i] / 1e9, 1e-9) << sizes[i];
    EXPECT_NEAR(bench.results[i].uncontended.value(), 1e-6 + sizes[i] / 1e9, 1e-15);
  }
}

TEST(Transfer, SharesALinkFairlyAndOwesTheSlowdownToTheOther) {
  constexpr OwnerId kChat = 0;
  constexpr OwnerId kEtl = 1;
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte, kChat);
  bench.send(wire.there(), kGigabyte, kEtl);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 2.000001, 1e-9);
  EXPECT_NEAR(bench.elapsed(1), 2.000001, 1e-9);
  const TransferResult& chat = bench.results[0];
  EXPECT_EQ(chat.bottleneck, wire.link);
  ASSERT_EQ(chat.causes.size(), 2U);
  EXPECT_EQ(chat.causes[0].kind, DelayKind::Service);
  EXPECT_NEAR(chat.causes[0].duration.value(), 1.000001, 1e-9);
  EXPECT_EQ(chat.causes[1].kind, DelayKind::Slowdown);
  EXPECT_EQ(chat.causes[1].culprit, kEtl);
  EXPECT_NEAR(chat.causes[1].duration.value(), 1.0, 1e-9);
  EXPECT_EQ(bench.results[1].causes[1].culprit, kChat);
}

TEST(Transfer, DoesNotExceedItsBoundAndLeavesTheRestToOthers) {
  const Wire wire(Sharing::FullDuplex);
  Engine engine(wire.lab);
  std::vector<TransferResult> results(2);
  auto flow = [](Engine& e, Route route, TransferOptions options, TransferResult& result) -> Task<> {
    result = co_await e.transfer(route, kGigabyte, options);
  };
  const TransferOptions bounded{.owner = 0, .bound = BytesPerSecond::from_base(0.25e9)};
  engine.spawn("bounded", flow(engine, wire.there(), bounded, results[0]));
  engine.spawn("free", flow(engine, wire.there(), {.owner = 1}, results[1]));
  engine.run();
  // A quarter for the one, three quarters for the other: max-min.
  EXPECT_NEAR(results[0].elapsed.value(), 4.0, 1e-5);
  EXPECT_NEAR(results[0].uncontended.value(), 4.000001, 1e-9);
  EXPECT_NEAR(results[1].elapsed.value(), 4.0 / 3.0, 1e-5);
}

TEST(Transfer, DoesNotShareTheOtherDirectionOfAFullDuplexLink) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte);
  bench.send(wire.back(), kGigabyte);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 1.000001, 1e-9);
  EXPECT_NEAR(bench.elapsed(1), 1.000001, 1e-9);
}

TEST(Transfer, SharesBothDirectionsOfASharedLink) {
  const Wire wire(Sharing::Shared);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte);
  bench.send(wire.back(), kGigabyte);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 2.000001, 1e-9);
}

TEST(Transfer, IsLimitedByACapThatItDoesNotConsume) {
  Topology lab;
  const NodeId a = lab.add_node("a");
  const NodeId b = lab.add_node("b");
  const NodeId c = lab.add_node("c");
  const LinkId wire = add_link(lab, "wire", a, b, 1e9, 1e-6);
  const LinkId cap = add_link(lab, "cap", b, c, 0.1e9, 1e-9, Sharing::Cap);
  Bench bench(lab);
  bench.send(topology::route(lab, a, c), Bytes::from_base(1e8));
  bench.send(topology::route(lab, a, c), Bytes::from_base(1e8));
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 1.000001, 2e-9);
  EXPECT_NEAR(bench.elapsed(1), 1.000001, 2e-9);
  EXPECT_EQ(bench.results[0].bottleneck, cap);
  EXPECT_NE(wire, cap);
}

TEST(Transfer, ConsumesALinkAsOftenAsItCrossesIt) {
  const Wire wire(Sharing::Shared);
  Bench bench(wire.lab);
  bench.send(topology::join(wire.there(), wire.back()), kGigabyte);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 2.000002, 1e-9);
  EXPECT_NEAR(bench.results[0].uncontended.value(), 2.000002, 1e-12);
}

TEST(Transfer, SharesSeveralResourcesAtOnce) {
  // A drive's stream of 7 GB crosses chipset and DRAM, which a network flow of 1.25 GB crosses too.
  Topology lab;
  const NodeId nvme = lab.add_node("nvme");
  const NodeId slot = lab.add_node("slot");
  const NodeId chipset = lab.add_node("chipset");
  const NodeId nic = lab.add_node("nic");
  const NodeId cpu = lab.add_node("cpu");
  const NodeId dram = lab.add_node("dram");
  add_link(lab, "media", nvme, slot, 7e9, 60e-6, Sharing::Shared);
  add_link(lab, "x4", slot, chipset, 7.8e9, 0.5e-6);
  add_link(lab, "port", nic, chipset, 1.25e9, 0.5e-6);
  add_link(lab, "uplink", chipset, cpu, 7.8e9, 0.5e-6);
  add_link(lab, "memory", cpu, dram, 80e9, 0.1e-6, Sharing::Shared);
  Bench bench(lab);
  bench.send(topology::route(lab, nvme, dram), Bytes::from_base(7e9));
  bench.send(topology::route(lab, nic, dram), Bytes::from_base(1.25e9));
  bench.engine.run();
  // While the network flow lasts (1 s at its full 1.25 GB/s) the drive gets 6.55 GB/s of the uplink.
  EXPECT_NEAR(bench.elapsed(1), 1.0000011, 1e-8);
  EXPECT_NEAR(bench.elapsed(0), 1.0 + 0.45 / 7.0 + 61.1e-6, 1e-5);
}

TEST(Transfer, ResumesEqualEndsInOrderOfSubmission) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  for (int i = 0; i < 6; ++i) bench.send(wire.there(), kGigabyte);
  bench.engine.run();
  EXPECT_EQ(bench.order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
}

TEST(Transfer, WaitsForAPlaceOnTheLink) {
  constexpr OwnerId kChat = 0;
  constexpr OwnerId kEtl = 1;
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab, {.max_flows_per_link = 1});
  bench.send(wire.there(), kGigabyte, kEtl);
  bench.send(wire.there(), kGigabyte, kChat);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 1.000001, 1e-9);
  EXPECT_NEAR(bench.elapsed(1), 2.000002, 1e-9);
  const Causes& causes = bench.results[1].causes;
  ASSERT_EQ(causes.size(), 2U);
  EXPECT_EQ(causes[0].kind, DelayKind::Waiting);
  EXPECT_EQ(causes[0].culprit, kEtl);
  EXPECT_NEAR(causes[0].duration.value(), 1.000001, 1e-9);
  EXPECT_NEAR(sum(causes), bench.elapsed(1), 1e-12);
}

TEST(Transfer, FreesItsShareWhenCancelled) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte);
  const Process other = bench.send(wire.there(), kGigabyte);
  bench.engine.schedule(1_s, Priority::Normal, [&] { other.cancel(); });
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 1.5000005, 1e-6);
  EXPECT_EQ(bench.order.size(), 1U);
}

TEST(Transfer, IsGivenUpAtATimeout) {
  const Wire wire(Sharing::FullDuplex);
  Engine engine(wire.lab);
  double date = 0.0;
  auto download = [](Engine& e, Route route) -> Task<TransferResult> {
    TransferResult result = co_await e.transfer(route, kGigabyte);
    co_return result;
  };
  auto body = [&download](Engine& e, Route route, double& out) -> Task<> {
    Task<TransferResult> task = download(e, route);
    const auto result = co_await e.with_timeout(std::move(task), 250_ms);
    EXPECT_FALSE(result);
    out = e.now().value();
  };
  engine.spawn("body", body(engine, wire.there(), date));
  EXPECT_EQ(engine.run().reached, 250_ms);
  EXPECT_EQ(date, 0.25);
}

TEST(Transfer, FollowsABandwidthThatChanges) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte);
  bench.engine.schedule(0.5_s, Priority::Normal, [&] { bench.engine.set_link_bandwidth(wire.link, 2000_MBps); });
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 0.75, 2e-6);
}

TEST(Transfer, FailsWhenTheLinkDiesAndWorksAgainWhenItIsBack) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab, {.max_flows_per_link = 1});
  bench.send(wire.there(), kGigabyte);
  bench.send(wire.there(), kGigabyte);
  bench.send(wire.there(), kGigabyte, 0, 1_s);
  bench.send(wire.there(), kGigabyte, 0, 3_s);
  bench.engine.schedule(0.5_s, Priority::Normal, [&] { bench.engine.set_link_health(wire.link, Health::Dead); });
  bench.engine.schedule(2_s, Priority::Normal, [&] { bench.engine.set_link_health(wire.link, Health::Healthy); });
  bench.engine.run();
  EXPECT_EQ(bench.results[0].outcome, Outcome::Failed);
  EXPECT_NEAR(bench.elapsed(0), 0.5, 1e-9);
  EXPECT_EQ(bench.results[1].outcome, Outcome::Failed);
  EXPECT_NEAR(bench.elapsed(1), 0.5, 1e-9);
  EXPECT_EQ(bench.results[2].outcome, Outcome::Failed);
  EXPECT_EQ(bench.elapsed(2), 0.0);
  EXPECT_EQ(bench.results[3].outcome, Outcome::Completed);
  EXPECT_NEAR(bench.elapsed(3), 1.000001, 1e-9);
}

TEST(Transfer, IsImmediateWithinANodeAndTakesTheLatencyOfAByteWithoutBytes) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(topology::route(wire.lab, wire.a, wire.a), kGigabyte);
  bench.send(wire.there(), 0_B);
  bench.engine.run();
  EXPECT_EQ(bench.elapsed(0), 0.0);
  EXPECT_EQ(bench.results[0].outcome, Outcome::Completed);
  EXPECT_NEAR(bench.elapsed(1), 1.001e-6, 1e-9);
}

TEST(Transfer, StartsAtTheDateOfAProcessThatWaitedLong) {
  // SimGrid's clock stands still while only processes wait; a flow that starts later must not notice.
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  for (double at : {10.0, 10.5, 20.0}) bench.send(wire.there(), kGigabyte, 0, Seconds::from_base(at));
  bench.engine.schedule(10.25_s, Priority::Normal, [] {});
  EXPECT_NEAR(bench.engine.run().reached.value(), 21.000001, 1e-9);
  EXPECT_NEAR(bench.elapsed(0), 1.500001, 1e-6);
  EXPECT_NEAR(bench.elapsed(1), 1.500001, 1e-6);
  EXPECT_NEAR(bench.elapsed(2), 1.000001, 1e-9);
}

TEST(Transfer, MayBeGivenUpAtTheDateAtWhichItStarts) {
  const Wire wire(Sharing::FullDuplex);
  Engine engine(wire.lab);
  auto download = [](Engine& e, Route route) -> Task<> { co_await e.transfer(route, kGigabyte); };
  auto nothing = []() -> Task<> { co_return; };
  auto body = [&](Engine& e, Route route) -> Task<> {
    co_await e.hold(5_s);
    std::vector<Task<>> race;
    race.push_back(download(e, route));
    race.push_back(nothing());
    const AnyResult<void> any = co_await e.wait_any(std::move(race));
    EXPECT_EQ(any.index, 1U);
    co_await e.transfer(route, kGigabyte);
  };
  engine.spawn("body", body(engine, wire.there()));
  EXPECT_NEAR(engine.run().reached.value(), 6.000001, 1e-9);
}

TEST(Transfer, StandsWhereItIsAtAHorizonWithoutEvents) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab);
  bench.send(wire.there(), kGigabyte);
  EXPECT_EQ(bench.engine.run(0.5_s).end, RunEnd::Horizon);
  bench.send(wire.there(), kGigabyte, 0, 0.5_s);
  bench.engine.run();
  EXPECT_NEAR(bench.elapsed(0), 1.5, 2e-6);
  EXPECT_NEAR(bench.elapsed(1), 1.5, 2e-6);
}

TEST(Transfer, SurvivesTheHorizonAndTheEndOfTheEngine) {
  const Wire wire(Sharing::FullDuplex);
  Bench bench(wire.lab, {.max_flows_per_link = 1});
  for (int i = 0; i < 4; ++i) bench.send(wire.there(), kGigabyte);
  EXPECT_EQ(bench.engine.run(0.5_s).end, RunEnd::Horizon);
  EXPECT_EQ(bench.engine.run(1.5_s).reached, 1.5_s);
  EXPECT_EQ(bench.order, std::vector<std::size_t>{0});
  EXPECT_NEAR(bench.elapsed(0), 1.000001, 1e-9);
}

}  // namespace
}  // namespace labtwin
