#include "sim/process/processor_sharing.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace labtwin {
namespace {

/// Cores and pieces of work whose ends are noted by name.
class Machine {
 public:
  explicit Machine(std::size_t num_cores) : cores(engine, num_cores) {}

  Task<> job(std::string name, Seconds arrival, Seconds work, OwnerId owner) {
    co_await engine.hold_until(arrival);
    results[name] = co_await cores.serve(work, owner);
    ends[name] = engine.now().value();
  }
  Process start(const char* name, Seconds arrival, Seconds work, OwnerId owner = 0) {
    return engine.spawn(name, job(name, arrival, work, owner));
  }

  Engine engine;
  ProcessorSharing cores;
  std::map<std::string, double> ends;
  std::map<std::string, ServeResult> results;
};

TEST(ProcessorSharing, GivesEveryoneAnEqualShare) {
  // 0-2: a alone; 2-4: both at half speed, b's 1 s done at 4; 4-5: a's last second.
  Machine machine(1);
  machine.start("a", 0_s, 4_s);
  machine.start("b", 2_s, 1_s);
  machine.engine.run();
  EXPECT_DOUBLE_EQ(machine.ends["b"], 4.0);
  EXPECT_DOUBLE_EQ(machine.ends["a"], 5.0);
  EXPECT_DOUBLE_EQ(machine.cores.statistics().busy_time.value(), 5.0);
  EXPECT_DOUBLE_EQ(machine.cores.statistics().sharing_time.value(), 7.0);
}

TEST(ProcessorSharing, GivesNobodyMoreThanOneServer) {
  Machine machine(4);
  for (const char* name : {"a", "b", "c", "d"}) machine.start(name, 0_s, 1_s);
  machine.engine.run();
  EXPECT_DOUBLE_EQ(machine.ends["d"], 1.0);
  EXPECT_EQ(machine.results["d"].causes.size(), 1U);
}

TEST(ProcessorSharing, SplitsTimeIntoServiceAndSlowdownByWhoShared) {
  constexpr OwnerId kChat = 0;
  constexpr OwnerId kEtl = 1;
  constexpr OwnerId kBackup = 2;
  Machine machine(1);
  machine.start("chat", 0_s, 1_s, kChat);
  machine.start("etl", 0_s, 5_s, kEtl);
  machine.start("backup", 0_s, 5_s, kBackup);
  machine.engine.run();
  const Causes& causes = machine.results["chat"].causes;
  ASSERT_EQ(causes.size(), 3U);
  EXPECT_EQ(causes[0].kind, DelayKind::Service);
  EXPECT_DOUBLE_EQ(causes[0].duration.value(), 1.0);
  EXPECT_EQ(causes[1].kind, DelayKind::Slowdown);
  EXPECT_EQ(causes[1].culprit, kEtl);
  EXPECT_DOUBLE_EQ(causes[1].duration.value(), 1.0);
  EXPECT_EQ(causes[2].culprit, kBackup);
  EXPECT_DOUBLE_EQ(causes[2].duration.value(), 1.0);
}

TEST(ProcessorSharing, LetsOthersGoFasterWhenWorkIsCancelled) {
  Machine machine(1);
  machine.start("a", 0_s, 3_s);
  const Process b = machine.start("b", 0_s, 3_s);
  machine.engine.schedule(2_s, Priority::Normal, [&] { b.cancel(); });
  machine.engine.run();
  EXPECT_DOUBLE_EQ(machine.ends["a"], 4.0);
  EXPECT_FALSE(machine.ends.contains("b"));
  EXPECT_EQ(machine.cores.statistics().num_cancelled, 1U);
}

TEST(ProcessorSharing, StandsStillWhileHungAndFailsWhenDead) {
  Machine machine(1);
  machine.start("a", 0_s, 2_s);
  machine.start("b", 5_s, 9_s);
  machine.start("late", 11_s, 1_s);
  machine.engine.schedule(1_s, Priority::Normal, [&] { machine.cores.set_health(Health::Hung); });
  machine.engine.schedule(4_s, Priority::Normal, [&] { machine.cores.set_health(Health::Healthy); });
  machine.engine.schedule(10_s, Priority::Normal, [&] { machine.cores.set_health(Health::Dead); });
  machine.engine.run();
  EXPECT_DOUBLE_EQ(machine.ends["a"], 5.0);
  EXPECT_EQ(machine.results["b"].outcome, Outcome::Failed);
  EXPECT_EQ(machine.ends["b"], 10.0);
  EXPECT_EQ(machine.results["late"].outcome, Outcome::Failed);
}

}  // namespace
}  // namespace labtwin
