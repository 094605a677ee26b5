#include "models/storage/io_scheduler.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace labtwin::storage {
namespace {

using namespace labtwin::literals;

// A scheduler as the device under test: requests are named by handles, all of them go to the drive one after the other.
class Probe {
 public:
  explicit Probe(SchedulerSettings settings) : scheduler_(make_io_scheduler(settings)) {}

  void add(Seconds now, std::uint32_t handle, Direction direction, std::uint64_t position,
           IoPriority priority = IoPriority::BestEffort) {
    scheduler_->add(now, {.handle = handle, .direction = direction, .priority = priority, .position = position});
  }
  /// Handles in the order in which the drive gets up to `count` requests.
  std::vector<std::uint32_t> take(Seconds now, std::size_t count) {
    std::vector<std::uint32_t> handles;
    while (handles.size() < count) {
      const auto next = scheduler_->take_next(now);
      if (!next) break;
      handles.push_back(*next);
    }
    return handles;
  }
  IoScheduler& operator*() { return *scheduler_; }

 private:
  std::unique_ptr<IoScheduler> scheduler_;
};

using Handles = std::vector<std::uint32_t>;
constexpr Direction kRead = Direction::Read;
constexpr Direction kWrite = Direction::Write;
const SchedulerSettings kDeadline{.kind = SchedulerKind::MqDeadline};

TEST(NoneScheduler, KeepsTheOrderOfArrival) {
  Probe probe({.kind = SchedulerKind::None});
  probe.add(0_s, 1, kWrite, 900);
  probe.add(0_s, 2, kRead, 100, IoPriority::Realtime);
  probe.add(0_s, 3, kRead, 50);
  (*probe).remove({.handle = 2, .direction = kRead, .priority = IoPriority::Realtime, .position = 100});
  EXPECT_EQ(probe.take(0_s, 9), (Handles{1, 3}));
}

TEST(MqDeadline, ServesOneDirectionInOrderOfPosition) {
  Probe probe(kDeadline);
  probe.add(0_s, 1, kRead, 300);
  probe.add(0_s, 2, kRead, 100);
  probe.add(0_s, 3, kRead, 200);
  EXPECT_EQ(probe.take(0_s, 9), (Handles{2, 3, 1}));
  // The sweep stands at 300: 350 lies ahead, 50 is taken when nothing lies ahead any more.
  probe.add(0_s, 4, kRead, 50);
  probe.add(0_s, 5, kRead, 350);
  EXPECT_EQ(probe.take(0_s, 9), (Handles{5, 4}));
}

TEST(MqDeadline, PrefersReadsUntilWritesWerePassedOverTwice) {
  Probe probe({.kind = SchedulerKind::MqDeadline, .fifo_batch = 1});
  for (std::uint32_t i = 0; i < 5; ++i) probe.add(0_s, i, kRead, 100 + i);
  for (std::uint32_t i = 10; i < 13; ++i) probe.add(0_s, i, kWrite, 100 + i);
  // With batches of one: a write, as the kernel begins with a batch of writes; then two reads pass the writes over each time.
  EXPECT_EQ(probe.take(0_s, 9), (Handles{10, 0, 1, 11, 2, 3, 12, 4}));
}

TEST(MqDeadline, GivesABatchSixteenRequestsOfOneDirection) {
  Probe probe(kDeadline);
  for (std::uint32_t i = 0; i < 20; ++i) probe.add(0_s, i, kWrite, i);
  const auto first = probe.take(0_s, 3);
  EXPECT_EQ(first, (Handles{0, 1, 2}));
  probe.add(0_s, 99, kRead, 5000);
  // The batch of writes goes on to its sixteenth request before the read is looked at.
  const auto rest = probe.take(0_s, 14);
  EXPECT_EQ(rest.back(), 99U);
  EXPECT_EQ(rest[12], 15U);
}

TEST(MqDeadline, StartsABatchWithTheOldestRequestOnceItsTimeIsUp) {
  Probe probe({.kind = SchedulerKind::MqDeadline, .fifo_batch = 1});
  probe.add(0_s, 1, kRead, 1000);
  EXPECT_EQ(probe.take(0_s, 1), (Handles{1}));
  probe.add(0_s, 2, kRead, 10);  // behind the sweep
  probe.add(0_s, 3, kRead, 1001);
  probe.add(0_s, 4, kRead, 1002);
  EXPECT_EQ(probe.take(499_ms, 1), (Handles{3}));
  EXPECT_EQ(probe.take(500_ms, 1), (Handles{2}));
}

TEST(MqDeadline, ServesALowerClassOnlyWhileNoHigherOneIsPending) {
  Probe probe(kDeadline);
  probe.add(0_s, 1, kRead, 10, IoPriority::Idle);
  probe.add(0_s, 2, kRead, 20);
  probe.add(0_s, 3, kWrite, 30, IoPriority::Realtime);
  EXPECT_EQ(probe.take(0_s, 9), (Handles{3}));
  (*probe).completed(IoPriority::Realtime);
  EXPECT_EQ(probe.take(0_s, 9), (Handles{2}));
  EXPECT_EQ(probe.take(0_s, 9), (Handles{}));  // 2 is still in the drive
  (*probe).completed(IoPriority::BestEffort);
  EXPECT_EQ(probe.take(0_s, 9), (Handles{1}));
}

TEST(MqDeadline, LetsALowerClassThroughAfterAgingForTenSeconds) {
  Probe probe(kDeadline);
  probe.add(0_s, 1, kRead, 10, IoPriority::Idle);
  probe.add(0_s, 2, kRead, 20);
  EXPECT_EQ(probe.take(1_s, 9), (Handles{2}));
  EXPECT_EQ(probe.take(9.9_s, 9), (Handles{}));
  EXPECT_EQ(probe.take(10_s, 9), (Handles{1}));
}

TEST(MqDeadline, ForgetsARequestThatIsRemoved) {
  Probe probe(kDeadline);
  probe.add(0_s, 1, kRead, 10);
  probe.add(0_s, 2, kRead, 10);
  (*probe).remove({.handle = 1, .direction = kRead, .position = 10});
  EXPECT_EQ(probe.take(0_s, 9), (Handles{2}));
}

}  // namespace
}  // namespace labtwin::storage
