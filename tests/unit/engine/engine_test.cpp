#include "sim/engine/engine.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/base/error.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/trigger.hpp"

namespace labtwin {
namespace {

using Log = std::vector<std::string>;

Task<> say_after(Engine& engine, Seconds delay, const char* word, Log& log) {
  co_await engine.hold(delay);
  log.push_back(word);
}

Task<int> value_after(Engine& engine, Seconds delay, int value) {
  co_await engine.hold(delay);
  co_return value;
}

/// Counts how many of these exist, to see destructors run exactly once.
class Token {
 public:
  explicit Token(int& count) : count_(&count) { ++*count_; }
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() { --*count_; }

 private:
  int* count_;
};

Task<> hold_token(Engine& engine, Seconds duration, int& count) {
  const Token token(count);
  co_await engine.hold(duration);
}

TEST(Engine, MovesTheClockToEveryHoldExactly) {
  Engine engine;
  std::vector<double> dates;
  auto body = [](Engine& e, std::vector<double>& out) -> Task<> {
    co_await e.hold(1_us);
    out.push_back(e.now().value());
    co_await e.hold(0.5_s);
    out.push_back(e.now().value());
    co_await e.hold_until(30_s);
    out.push_back(e.now().value());
    co_await e.hold(0_s);
    out.push_back(e.now().value());
  };
  engine.spawn("body", body(engine, dates));
  const RunResult result = engine.run();
  EXPECT_EQ(dates, (std::vector<double>{1e-6, 1e-6 + 0.5, 30.0, 30.0}));
  EXPECT_EQ(result.end, RunEnd::Finished);
  EXPECT_EQ(result.reached, 30_s);
}

TEST(Engine, KeepsMicrosecondsAfterAMonth) {
  Engine engine;
  double elapsed = 0.0;
  auto body = [](Engine& e, double& out) -> Task<> {
    constexpr double kMonth = 2.6e6;
    co_await e.hold(Seconds::from_base(kMonth));
    for (int i = 0; i < 1000; ++i) co_await e.hold(1_us);
    out = e.now().value() - kMonth;
  };
  engine.spawn("body", body(engine, elapsed));
  engine.run();
  EXPECT_NEAR(elapsed, 1e-3, 1000 * 2.4e-10);  // half a unit in the last place of 2.6e6 per hold
}

TEST(Engine, LetsEqualDatesGoFirstComeFirstServed) {
  Engine engine;
  Log log;
  for (const char* word : {"a", "b", "c", "d", "e", "f"}) engine.spawn(word, say_after(engine, 1_s, word, log));
  engine.run();
  EXPECT_EQ(log, (Log{"a", "b", "c", "d", "e", "f"}));
}

TEST(Engine, LetsPriorityDecideBeforeSequence) {
  Engine engine;
  Log log;
  engine.schedule(1_s, Priority::Late, [&] { log.push_back("late"); });
  engine.schedule(1_s, Priority::Normal, [&] { log.push_back("normal"); });
  engine.schedule(1_s, Priority::Early, [&] { log.push_back("early"); });
  engine.run();
  EXPECT_EQ(log, (Log{"early", "normal", "late"}));
}

TEST(Engine, ForgetsACancelledCallback) {
  Engine engine;
  Log log;
  const CallId id = engine.schedule(2_s, Priority::Normal, [&] { log.push_back("never"); });
  engine.schedule(1_s, Priority::Normal, [&] { engine.cancel(id); });
  const RunResult result = engine.run();
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(result.reached, 1_s);
}

TEST(Engine, StopsAtTheHorizonAndGoesOnFromThere) {
  Engine engine;
  Log log;
  engine.spawn("first", say_after(engine, 1_s, "first", log));
  engine.spawn("second", say_after(engine, 2_s, "second", log));
  engine.spawn("third", say_after(engine, 3_s, "third", log));
  RunResult result = engine.run(2_s);
  EXPECT_EQ(result.end, RunEnd::Horizon);
  EXPECT_EQ(engine.now(), 2_s);
  EXPECT_EQ(log, (Log{"first", "second"}));
  result = engine.run(2.5_s);
  EXPECT_EQ(engine.now(), 2.5_s);
  result = engine.run();
  EXPECT_EQ(result.end, RunEnd::Finished);
  EXPECT_EQ(engine.now(), 3_s);
  EXPECT_EQ(log.size(), 3U);
}

TEST(Engine, StopsWhenInterrupted) {
  std::atomic<bool> interrupt = false;
  Engine engine({.interrupt = &interrupt});
  auto ticker = [](Engine& e) -> Task<> {
    for (;;) co_await e.hold(1_s);
  };
  engine.spawn("ticker", ticker(engine));
  engine.schedule(10.5_s, Priority::Normal, [&] { interrupt = true; });
  const RunResult result = engine.run();
  EXPECT_EQ(result.end, RunEnd::Interrupted);
  EXPECT_EQ(result.reached, 10.5_s);
}

TEST(Engine, ReportsJobsThatNothingWillWake) {
  Engine engine;
  Trigger<> never(engine);
  auto wait = [](Trigger<>& trigger) -> Task<> { co_await trigger; };
  engine.spawn("stuck", wait(never));
  engine.spawn("idle server", wait(never), ProcessKind::Server);
  const RunResult result = engine.run();
  EXPECT_EQ(result.end, RunEnd::Deadlock);
  EXPECT_EQ(result.blocked_jobs, std::vector<std::string>{"stuck"});
}

TEST(Engine, FinishesWhenOnlyServersWait) {
  Engine engine;
  Trigger<> never(engine);
  auto wait = [](Trigger<>& trigger) -> Task<> { co_await trigger; };
  engine.spawn("server", wait(never), ProcessKind::Server);
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
}

TEST(Engine, LetsExceptionsLeaveTheRun) {
  Engine engine;
  auto thrower = [](Engine& e) -> Task<> {
    co_await e.hold(1_s);
    throw std::runtime_error("out of tape");
  };
  auto parent = [&thrower](Engine& e) -> Task<> { co_await thrower(e); };
  engine.spawn("parent", parent(engine));
  EXPECT_THROW(engine.run(), std::runtime_error);
  EXPECT_EQ(engine.now(), 1_s);
}

TEST(Engine, RefusesASecondEngineInTheProcess) {
  const Engine engine;
  EXPECT_THROW(Engine(), InternalError);
}

TEST(Engine, RefusesToHoldForLessThanNothing) {
  Engine engine;
  Log log;
  engine.spawn("body", say_after(engine, -1_s, "yesterday", log));
  EXPECT_THROW(engine.run(), InternalError);
}

TEST(Engine, LeavesTheHandlerOfCtrlCAlone) {
  struct sigaction before {};
  sigaction(SIGINT, nullptr, &before);
  const Engine engine;
  struct sigaction after {};
  sigaction(SIGINT, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(Process, IsJoinedByEveryoneWhoWaits) {
  Engine engine;
  Log log;
  const Process worker = engine.spawn("worker", say_after(engine, 3_s, "work", log));
  auto boss = [](Process process, const char* word, Log& out) -> Task<> {
    co_await process.join();
    out.push_back(word);
    co_await process.join();
  };
  engine.spawn("boss", boss(worker, "boss", log));
  engine.spawn("owner", boss(worker, "owner", log));
  engine.run();
  EXPECT_EQ(log, (Log{"work", "boss", "owner"}));
  EXPECT_TRUE(worker.has_ended());
}

TEST(Process, DestroysItsLocalsWhenCancelled) {
  Engine engine;
  int alive = 0;
  const Process process = engine.spawn("holder", hold_token(engine, 100_s, alive));
  engine.schedule(1_s, Priority::Normal, [&] {
    EXPECT_EQ(alive, 1);
    process.cancel();
  });
  const RunResult result = engine.run();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(process.has_ended());
  EXPECT_EQ(result.reached, 1_s);
}

TEST(Process, MayCancelItself) {
  Engine engine;
  Log log;
  std::optional<Process> self;
  auto body = [](Engine& e, std::optional<Process>& me, Log& out) -> Task<> {
    co_await e.hold(1_s);
    me->cancel();
    out.push_back("still here");
    co_await e.hold(0_s);
    out.push_back("not here");
  };
  self = engine.spawn("self", body(engine, self, log));
  engine.run();
  EXPECT_EQ(log, Log{"still here"});
}

TEST(Process, NeverStartsWhenCancelledBefore) {
  Engine engine;
  Log log;
  engine.spawn("unborn", say_after(engine, 0_s, "alive", log)).cancel();
  EXPECT_EQ(engine.run().end, RunEnd::Finished);
  EXPECT_TRUE(log.empty());
}

TEST(WaitAll, EndsWithTheLastAndSaysWhichItWas) {
  Engine engine;
  AllResult<int> all;
  auto body = [](Engine& e, AllResult<int>& out) -> Task<> {
    std::vector<Task<int>> reads;
    reads.push_back(value_after(e, 3_s, 30));
    reads.push_back(value_after(e, 5_s, 50));
    reads.push_back(value_after(e, 5_s, 51));
    out = co_await e.wait_all(std::move(reads));
  };
  engine.spawn("body", body(engine, all));
  EXPECT_EQ(engine.run().reached, 5_s);
  EXPECT_EQ(all.values, (std::vector<int>{30, 50, 51}));
  EXPECT_EQ(all.last, 1U);
}

TEST(WaitAll, EndsAtOnceWhenNothingHasToWait) {
  Engine engine;
  std::size_t num_done = 0;
  auto immediate = [](std::size_t& count) -> Task<> {
    ++count;
    co_return;
  };
  auto body = [&immediate](Engine& e, std::size_t& count) -> Task<> {
    std::vector<Task<>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(immediate(count));
    co_await e.wait_all(std::move(tasks));
    co_await e.wait_all(std::vector<Task<>>{});
  };
  engine.spawn("body", body(engine, num_done));
  EXPECT_EQ(engine.run().reached, 0_s);
  EXPECT_EQ(num_done, 3U);
}

TEST(WaitAll, EndsWithTheFirstExceptionAndCancelsTheOthers) {
  Engine engine;
  int alive = 0;
  std::string message;
  auto thrower = [](Engine& e) -> Task<> {
    co_await e.hold(1_s);
    throw std::runtime_error("no");
  };
  auto body = [&thrower](Engine& e, int& count, std::string& out) -> Task<> {
    std::vector<Task<>> tasks;
    tasks.push_back(hold_token(e, 10_s, count));
    tasks.push_back(thrower(e));
    try {
      co_await e.wait_all(std::move(tasks));
    } catch (const std::runtime_error& error) {
      out = error.what();
    }
  };
  engine.spawn("body", body(engine, alive, message));
  EXPECT_EQ(engine.run().reached, 1_s);
  EXPECT_EQ(message, "no");
  EXPECT_EQ(alive, 0);
}

TEST(WaitAny, TakesTheFirstAndCancelsTheOthers) {
  Engine engine;
  int alive = 0;
  std::size_t winner = 0;
  auto body = [](Engine& e, int& count, std::size_t& out) -> Task<> {
    std::vector<Task<>> tasks;
    tasks.push_back(hold_token(e, 10_s, count));
    tasks.push_back(hold_token(e, 2_s, count));
    const AnyResult<void> any = co_await e.wait_any(std::move(tasks));
    out = any.index;
    EXPECT_EQ(count, 0);
  };
  engine.spawn("body", body(engine, alive, winner));
  EXPECT_EQ(engine.run().reached, 2_s);
  EXPECT_EQ(winner, 1U);
}

TEST(WithTimeout, GivesUpExactlyWhenDue) {
  Engine engine;
  int alive = 0;
  double given_up_at = 0.0;
  auto body = [](Engine& e, int& count, double& at) -> Task<> {
    Task<> slow = hold_token(e, 10_s, count);
    const bool done = co_await e.with_timeout(std::move(slow), 250_ms);
    EXPECT_FALSE(done);
    EXPECT_EQ(count, 0);
    at = e.now().value();
  };
  engine.spawn("body", body(engine, alive, given_up_at));
  EXPECT_EQ(engine.run().reached, 250_ms);
  EXPECT_EQ(given_up_at, 0.25);
}

TEST(WithTimeout, ReturnsTheValueOfATaskThatMakesIt) {
  Engine engine;
  std::optional<int> value;
  auto body = [](Engine& e, std::optional<int>& out) -> Task<> {
    Task<int> quick = value_after(e, 1_s, 7);
    out = co_await e.with_timeout(std::move(quick), 1_s);
  };
  engine.spawn("body", body(engine, value));
  EXPECT_EQ(engine.run().reached, 1_s);
  EXPECT_EQ(value, 7);
}

TEST(Trigger, WakesAllWithItsValueAtItsDate) {
  Engine engine;
  Trigger<int> ready(engine);
  std::vector<double> seen;
  auto wait = [](Engine& e, Trigger<int>& trigger, std::vector<double>& out) -> Task<> {
    const int value = co_await trigger;
    out.push_back(e.now().value() + value);
    const int again = co_await trigger;
    out.push_back(e.now().value() + again);
  };
  engine.spawn("one", wait(engine, ready, seen));
  engine.spawn("two", wait(engine, ready, seen));
  engine.schedule(2_s, Priority::Normal, [&] { ready.complete(40); });
  engine.run();
  EXPECT_EQ(seen, (std::vector<double>{42, 42, 42, 42}));
}

TEST(Alarm, CanBeMovedAndCleared) {
  Engine engine;
  std::vector<double> rings;
  Alarm alarm(engine, [&] { rings.push_back(engine.now().value()); });
  Alarm cleared(engine, [&] { rings.push_back(-1.0); });
  alarm.set(5_s);
  alarm.set(3_s);
  cleared.set(4_s);
  engine.schedule(3.5_s, Priority::Normal, [&] {
    cleared.clear();
    alarm.set(6_s);
  });
  engine.run();
  EXPECT_EQ(rings, (std::vector<double>{3, 6}));
}

TEST(Task, RunsALongLoopOfChildrenThatNeedNotWaitInBoundedStack) {
  Engine engine;
  long sum = 0;
  auto child = [](long i) -> Task<long> { co_return i; };
  auto body = [&child](long& out) -> Task<> {
    for (long i = 0; i < 1'000'000; ++i) out += co_await child(i);
  };
  engine.spawn("body", body(sum));
  engine.run();
  EXPECT_EQ(sum, 499'999'500'000);
}

}  // namespace
}  // namespace labtwin
