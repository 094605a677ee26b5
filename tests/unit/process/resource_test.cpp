#include "sim/process/resource.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/process/channel.hpp"

namespace labtwin {
namespace {

using Log = std::vector<std::string>;

/// A resource and customers that say when they were served.
class Shop {
 public:
  explicit Shop(const ResourceOptions& options) : counter(engine, options) {}

  Task<> customer(std::string name, Seconds arrival, Seconds service, SeizeOptions options) {
    co_await engine.hold_until(arrival);
    SeizeResult got = co_await counter.seize(options);
    causes.push_back(got.causes);
    const std::string when = std::to_string(static_cast<int>(engine.now().value()));
    if (got.outcome != Outcome::Completed) {
      log.push_back(name + " refused at " + when);
      co_return;
    }
    log.push_back(name + " served at " + when);
    co_await engine.hold(service);
  }
  void visit(const char* name, Seconds arrival, Seconds service, SeizeOptions options = {}) {
    engine.spawn(name, customer(name, arrival, service, options));
  }

  Engine engine;
  Resource counter;
  Log log;
  std::vector<Causes> causes;
};

TEST(Resource, ServesInOrderOfArrival) {
  Shop shop({.num_servers = 2});
  shop.visit("a", 0_s, 4_s);
  shop.visit("b", 0_s, 6_s);
  shop.visit("c", 1_s, 1_s);
  shop.visit("d", 2_s, 1_s);
  shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "b served at 0", "c served at 4", "d served at 5"}));
  const ResourceStatistics& seen = shop.counter.statistics();
  EXPECT_EQ(seen.busy_time, 12_s);
  EXPECT_EQ(seen.waiting_time, 6_s);  // c from 1 to 4, d from 2 to 5
  EXPECT_EQ(seen.num_granted, 4U);
  EXPECT_EQ(seen.num_busy, 0U);
}

TEST(Resource, LetsPriorityOvertakeInTheQueueButNotInService) {
  Shop shop({.discipline = Discipline::Priority});
  shop.visit("a", 0_s, 5_s);
  shop.visit("low", 1_s, 1_s, {.priority = -1});
  shop.visit("first", 2_s, 1_s, {.priority = 3});
  shop.visit("second", 3_s, 1_s, {.priority = 3});
  shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "first served at 5", "second served at 6", "low served at 7"}));
}

TEST(Resource, RejectsWhenTheQueueIsFull) {
  Shop shop({.queue_limit = 1});
  shop.visit("a", 0_s, 5_s);
  shop.visit("b", 1_s, 5_s);
  shop.visit("c", 2_s, 5_s);
  shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "c refused at 2", "b served at 5"}));
  EXPECT_EQ(shop.counter.statistics().num_rejected, 1U);
}

TEST(Resource, LetsATimeoutExpireExactlyWhenDueAndNobodyElseWaitForIt) {
  Shop shop({});
  shop.visit("a", 0_s, 10_s);
  shop.visit("b", 1_s, 100_s, {.timeout = 2_s});
  shop.visit("c", 2_s, 1_s, {.timeout = 20_s});
  const RunResult result = shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "b refused at 3", "c served at 10"}));
  EXPECT_EQ(shop.counter.statistics().num_timed_out, 1U);
  EXPECT_EQ(result.reached, 11_s);  // the timeout of c is gone
}

TEST(Resource, GetsItsServerBackFromACancelledHolderAndForgetsACancelledWaiter) {
  Shop shop({});
  const Process holder = shop.engine.spawn("a", shop.customer("a", 0_s, 100_s, {}));
  const Process waiter = shop.engine.spawn("b", shop.customer("b", 1_s, 100_s, {}));
  shop.visit("c", 2_s, 1_s);
  shop.engine.schedule(3_s, Priority::Normal, [&] { waiter.cancel(); });
  shop.engine.schedule(5_s, Priority::Normal, [&] { holder.cancel(); });
  const RunResult result = shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "c served at 5"}));
  EXPECT_EQ(result.reached, 6_s);
  EXPECT_EQ(shop.counter.statistics().num_cancelled, 1U);
  EXPECT_EQ(shop.counter.statistics().num_busy, 0U);
}

TEST(Resource, FailsAllWhoWaitWhenItDiesAndServesAgainWhenItIsWell) {
  Shop shop({});
  shop.visit("a", 0_s, 4_s);
  shop.visit("b", 1_s, 1_s);
  shop.visit("c", 3_s, 1_s);
  shop.visit("d", 6_s, 1_s);
  shop.engine.schedule(2_s, Priority::Normal, [&] { shop.counter.set_health(Health::Dead); });
  shop.engine.schedule(5_s, Priority::Normal, [&] { shop.counter.set_health(Health::Healthy); });
  shop.engine.run();
  EXPECT_EQ(shop.log, (Log{"a served at 0", "b refused at 2", "c refused at 3", "d served at 6"}));
  EXPECT_EQ(shop.counter.statistics().num_failed, 2U);
}

TEST(Resource, LetsEverybodyWaitWhileItHangs) {
  Shop shop({});
  shop.visit("a", 1_s, 1_s);
  shop.counter.set_health(Health::Hung);
  shop.engine.schedule(5_s, Priority::Normal, [&] { shop.counter.set_health(Health::Healthy); });
  shop.engine.run();
  EXPECT_EQ(shop.log, Log{"a served at 5"});
}

TEST(Resource, NamesWhoseWorkAWaiterWaitedFor) {
  constexpr OwnerId kChat = 0;
  constexpr OwnerId kEtl = 1;
  Shop shop({});
  shop.visit("etl", 0_s, 9_s, {.owner = kEtl});
  shop.visit("chat", 0_s, 3_s, {.owner = kChat});
  shop.visit("victim", 1_s, 1_s, {.owner = kChat});
  shop.engine.run();
  const Causes& causes = shop.causes.back();
  ASSERT_EQ(causes.size(), 2U);
  EXPECT_EQ(causes[0].culprit, kChat);
  EXPECT_DOUBLE_EQ(causes[0].duration.value(), 3.0);
  EXPECT_EQ(causes[1].culprit, kEtl);
  EXPECT_DOUBLE_EQ(causes[1].duration.value(), 8.0);
  EXPECT_EQ(causes[1].kind, DelayKind::Waiting);
}

TEST(Resource, MayGoBeforeTheEngineAndItsCustomers) {
  Engine engine;
  {
    Resource counter(engine, {});
    auto body = [](Engine& e, Resource& c) -> Task<> {
      SeizeResult got = co_await c.seize();
      co_await e.hold(10_s);
    };
    engine.spawn("holder", body(engine, counter));
    engine.spawn("waiter", body(engine, counter));
    engine.run(1_s);
  }
}

TEST(Channel, HandsOverInOrderAndWaitsForWhatIsNotThere) {
  Engine engine;
  Channel<int> channel(engine);
  std::vector<double> received;
  auto receiver = [](Engine& e, Channel<int>& in, std::vector<double>& out) -> Task<> {
    for (;;) {
      const int item = co_await in.receive();
      out.push_back(item + e.now().value());
    }
  };
  engine.spawn("receiver", receiver(engine, channel, received), ProcessKind::Server);
  channel.send(10);
  channel.send(20);
  engine.schedule(1_s, Priority::Normal, [&] { channel.send(30); });
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
  EXPECT_EQ(received, (std::vector<double>{10, 20, 31}));
}

TEST(Channel, RefusesWhatDoesNotFit) {
  Engine engine;
  Channel<int> channel(engine, 1);
  EXPECT_TRUE(channel.try_send(1));
  EXPECT_FALSE(channel.try_send(2));
  EXPECT_EQ(channel.try_receive(), 1);
  EXPECT_EQ(channel.try_receive(), std::nullopt);
}

}  // namespace
}  // namespace labtwin
