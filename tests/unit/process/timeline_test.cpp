#include "sim/process/timeline.hpp"

#include <gtest/gtest.h>

#include "models/base/error.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {
namespace {

TEST(Timeline, KeepsOneSegmentPerPlaceAndSumsToTheSojourn) {
  Timeline life;
  life.append({.resource = 1, .kind = DelayKind::Service, .culprit = 0, .duration = 2_s});
  life.append({.resource = 2, .kind = DelayKind::Waiting, .culprit = 5, .duration = 1_s});
  life.append({.resource = 1, .kind = DelayKind::Service, .culprit = 0, .duration = 3_s});
  life.append({.resource = 1, .kind = DelayKind::Slowdown, .culprit = 0, .duration = 0_s});
  ASSERT_EQ(life.segments().size(), 2U);
  EXPECT_EQ(life.segments()[0].duration, 5_s);
  EXPECT_EQ(life.total(), 6_s);
  EXPECT_EQ(life.num_pieces(), 4U);
}

TEST(Timeline, RefusesNegativeTime) {
  Timeline life;
  EXPECT_THROW(life.append({.resource = 0, .kind = DelayKind::Service, .culprit = 0, .duration = -1_s}), InternalError);
}

Task<Timeline> read(Engine& engine, ResourceId drive, Seconds duration) {
  co_await engine.hold(duration);
  Timeline life;
  life.append({.resource = drive, .kind = DelayKind::Service, .culprit = 0, .duration = duration});
  co_return life;
}

TEST(Timeline, ChargesParallelReadsOfThreeAndFiveSecondsToTheSecond) {
  Engine engine;
  Timeline life;
  auto request = [](Engine& e, Timeline& out) -> Task<> {
    std::vector<Task<Timeline>> reads;
    reads.push_back(read(e, 3, 3_s));
    reads.push_back(read(e, 5, 5_s));
    AllResult<Timeline> all = co_await e.wait_all(std::move(reads));
    out.append(all.values[all.last]);
  };
  engine.spawn("request", request(engine, life));
  EXPECT_EQ(engine.run().reached, 5_s);
  ASSERT_EQ(life.segments().size(), 1U);
  EXPECT_EQ(life.segments()[0].resource, 5);
  EXPECT_EQ(life.segments()[0].duration, 5_s);
}

TEST(Timeline, ChargesTheWinnerOfAnOrJoin) {
  Engine engine;
  Timeline life;
  auto request = [](Engine& e, Timeline& out) -> Task<> {
    std::vector<Task<Timeline>> reads;
    reads.push_back(read(e, 3, 3_s));
    reads.push_back(read(e, 5, 5_s));
    const AnyResult<Timeline> any = co_await e.wait_any(std::move(reads));
    out.append(any.value);
  };
  engine.spawn("request", request(engine, life));
  EXPECT_EQ(engine.run().reached, 3_s);
  ASSERT_EQ(life.segments().size(), 1U);
  EXPECT_EQ(life.segments()[0].resource, 3);
}

}  // namespace
}  // namespace labtwin
