#include "sim/service/bus.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "models/serving/llama_scheduler.hpp"
#include "models/storage/queue_depth_curve.hpp"
#include "sim/service/bulk_copy.hpp"
#include "sim/service/bus_passage.hpp"
#include "sim/service/drive_service.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/paced_bulk.hpp"
#include "tests/unit/service/ask.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using testing::Answer;
using testing::ask;
using topology::LaneUse;
using topology::StreamDemand;

constexpr OwnerId kFirst = 0;
constexpr OwnerId kSecond = 1;
constexpr ResourceId kLink = 7;
constexpr Bytes kGigabyte = Bytes::from_base(1e9);

/// A link of 10 GB/s each way, and one of 4.
topology::Topology two_links(BytesPerSecond first = 10000_MBps) {
  topology::Topology tree;
  const auto a = tree.add_node("a");
  const auto b = tree.add_node("b");
  const auto c = tree.add_node("c");
  tree.add_link({.name = "wide", .from = a, .to = b, .bandwidth = first, .latency = 1_us});
  tree.add_link({.name = "narrow", .from = b, .to = c, .bandwidth = 4000_MBps, .latency = 1_us});
  return tree;
}

struct Lab {
  explicit Lab(BytesPerSecond first = 10000_MBps) : tree(two_links(first)) {}
  ~Lab() { engine.end_processes(); }
  topology::Topology tree;
  Engine engine;
  Bus bus{engine, tree, {kLink, kLink + 1}};
};

Task<> copy(Engine& engine, Bus& bus, std::vector<LaneUse> lanes, Bytes bytes, OwnerId owner, Seconds& finished) {
  StreamDemand demand{.lanes = std::move(lanes)};
  co_await bus.copy(std::move(demand), bytes, owner);
  finished = engine.now();
}

TEST(Bus, ACopyAloneTakesItsBytesOverTheNarrowestLink) {
  Lab lab;
  Seconds finished;
  lab.engine.spawn("one", copy(lab.engine, lab.bus, {{0}, {2}}, 8.0 * kGigabyte, kFirst, finished));
  lab.engine.run();
  EXPECT_DOUBLE_EQ(finished.value(), 2.0);
  EXPECT_DOUBLE_EQ(lab.bus.moved(0).value(), 8e9);
  EXPECT_DOUBLE_EQ(lab.bus.moved(2).value(), 8e9);
  EXPECT_DOUBLE_EQ(lab.bus.moved(1).value(), 0.0);
  EXPECT_DOUBLE_EQ(lab.bus.busy_time(0).value(), 0.8);
}

TEST(Bus, CopiesShareALaneAndTheOneThatIsLeftGetsAllOfIt) {
  Lab lab;
  Seconds short_one;
  Seconds long_one;
  lab.engine.spawn("short", copy(lab.engine, lab.bus, {{0}}, 5.0 * kGigabyte, kFirst, short_one));
  lab.engine.spawn("long", copy(lab.engine, lab.bus, {{0}}, 15.0 * kGigabyte, kSecond, long_one));
  lab.engine.run();
  EXPECT_DOUBLE_EQ(short_one.value(), 1.0);
  EXPECT_DOUBLE_EQ(long_one.value(), 2.0);
  EXPECT_NEAR(lab.bus.moved(0).value(), 20e9, 1.0);
}

TEST(Bus, TheTwoDirectionsOfALinkDoNotMeet) {
  Lab lab;
  Seconds there;
  Seconds back;
  lab.engine.spawn("there", copy(lab.engine, lab.bus, {{0}}, 10.0 * kGigabyte, kFirst, there));
  lab.engine.spawn("back", copy(lab.engine, lab.bus, {{1}}, 10.0 * kGigabyte, kSecond, back));
  lab.engine.run();
  EXPECT_DOUBLE_EQ(there.value(), 1.0);
  EXPECT_DOUBLE_EQ(back.value(), 1.0);
}

TEST(BulkCopy, MovesForItsDurationWhatTheLinkGives) {
  Lab lab;
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{0}}}, {.schedule = {.start = 1_s, .duration = 2_s}});
  lab.engine.spawn("job", job.run());
  lab.engine.run(10_s);
  EXPECT_NEAR(job.bytes_moved().value(), 20e9, 1.0);
  EXPECT_DOUBLE_EQ(job.active_time().value(), 2.0);
}

/// Prompts take 1 ms a token, of which a half on links; a decode step 10 ms, 2 of them on links. A token is 5 MB there.
class LinkedSteps final : public serving::StepTimeModel {
 public:
  [[nodiscard]] Seconds step_time(const serving::OperatorBatch& batch) const override {
    return 1_ms * (batch.num_tokens - batch.num_decodes) + 10_ms * batch.num_decodes;
  }
  [[nodiscard]] serving::StepTraffic traffic(const serving::OperatorBatch& batch) const override {
    const double prompts = batch.num_tokens - batch.num_decodes;
    return {.on_links = 0.5_ms * prompts + 2_ms * batch.num_decodes,
            .bytes = Bytes::from_base(5e6 * prompts + 20e6 * batch.num_decodes)};
  }
};

struct ServerLab : Lab {
  explicit ServerLab(bool crosses, BytesPerSecond first = 10000_MBps)
      : Lab(first),
        server(engine, card,
               std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.num_slots = 4, .slot_tokens = 1000}),
               std::make_unique<LinkedSteps>(), {.longest_request = 1000}) {
    if (crosses) server.cross(bus, {{0}}, kFirst);
  }
  ~ServerLab() { engine.end_processes(); }
  GpuCard card{engine, 0};
  LlmServer server;
};

Answer answer_of(ServerLab& lab) {
  Answer answer;
  lab.engine.spawn("ask", ask(lab.engine, lab.server, 1_s, {.prompt_tokens = 100, .output_tokens = 11}, answer));
  lab.engine.run(100_s);
  return answer;
}

TEST(StepLinks, AnIdleBusChangesNothing) {
  ServerLab lab(true);
  EXPECT_DOUBLE_EQ(answer_of(lab).finished.value(), 1.2);
  // What crossed is what the steps moved.
  EXPECT_NEAR(lab.bus.moved(0).value(), 100 * 5e6 + 10 * 20e6, 1.0);
}

TEST(StepLinks, BesideASaturatingCopyTheTurnOfEveryStepTakesTwiceAsLong) {
  ServerLab lab(true);
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{0}}}, {.owner = kSecond, .schedule = {.start = {}, .duration = 50_s}});
  lab.engine.spawn("copy", job.run());
  const Answer answer = answer_of(lab);
  EXPECT_NEAR(answer.finished.value(), 1.0 + 0.1 + 0.05 + 10 * (0.010 + 0.002), 1e-6);
  ASSERT_EQ(answer.result.links.segments().size(), 1U);
  const Segment& slowed = answer.result.links.segments()[0];
  EXPECT_EQ(slowed.resource, kLink);
  EXPECT_EQ(slowed.kind, DelayKind::Slowdown);
  EXPECT_EQ(slowed.culprit, kSecond);
  EXPECT_NEAR(slowed.duration.value(), 0.05 + 10 * 0.002, 1e-6);
  Seconds sum = answer.result.links.total();
  for (const Cause& cause : answer.result.causes) sum += cause.duration;
  EXPECT_NEAR(sum.value(), answer.finished.value() - 1.0, 1e-9);
  // The copy gets what the steps leave: the link is never idle, never over its rate.
  EXPECT_NEAR(lab.bus.moved(0).value(), 10e9 * 50.0, 10.0);
  EXPECT_NEAR(job.bytes_moved().value(), 10e9 * 50.0 - (100 * 5e6 + 10 * 20e6), 1e4);
}

TEST(StepLinks, ACopyThatBeginsWithinAStepSlowsItsRest) {
  ServerLab lab(true);
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{0}}}, {.owner = kSecond, .schedule = {.start = 1.05_s, .duration = 50_s}});
  lab.engine.spawn("copy", job.run());
  // The other half of the prompt takes half as long again.
  EXPECT_NEAR(answer_of(lab).finished.value(), 1.0 + 0.05 + 0.075 + 10 * (0.010 + 0.002), 1e-6);
}

TEST(StepLinks, BesideALimitedCopyTheTurnHasTheRestOfTheLink) {
  ServerLab lab(true, 20000_MBps);
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{0}}, .cap = 8000_MBps},
               {.owner = kSecond, .schedule = {.start = {}, .duration = 50_s}});
  lab.engine.spawn("copy", job.run());
  EXPECT_NEAR(answer_of(lab).finished.value(), 1.0 + 0.05 + 0.05 / 0.6 + 10 * (0.008 + 0.002 / 0.6), 1e-6);
}

TEST(LlmServer, SendsRequestsToTheCopyWithFewest) {
  ServerLab lab(false);
  GpuCard other_card(lab.engine, 3);
  LlmServer other(lab.engine, other_card,
                  std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.slot_tokens = 1000}),
                  std::make_unique<LinkedSteps>(), {.longest_request = 1000});
  lab.server.deal(serving::Routing::LeastLoaded, std::array{&other});
  std::vector<Answer> answers(2);
  for (Answer& answer : answers) {
    lab.engine.spawn("ask", ask(lab.engine, lab.server, 1_s, {.prompt_tokens = 100, .output_tokens = 1}, answer));
  }
  lab.engine.run();
  EXPECT_EQ(answers[0].result.card, 0);
  EXPECT_EQ(answers[1].result.card, 3);
  EXPECT_DOUBLE_EQ(answers[1].finished.value(), 1.1);
}

std::unique_ptr<storage::Drive> drive_of(BytesPerSecond bandwidth) {
  const storage::QueueDepthClass c{.latency_floor = 1_us,
                                   .stream_bandwidth = BytesPerSecond::from_base(1e30),
                                   .max_iops = PerSecond::from_base(1e30),
                                   .bandwidth = bandwidth,
                                   .knee = 1e6};
  return std::make_unique<storage::Drive>(storage::make_queue_depth_curve({c, c, c, c}), storage::DriveSettings{});
}

/// When 6 GB have come from a drive of 3 GB/s over the narrow link, with a copy on it or not.
Seconds read_beside(bool on_bus, bool beside_copy) {
  Lab lab;
  DriveService drive(lab.engine, 5, drive_of(3000_MBps));
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{2}}}, {.owner = kSecond, .schedule = {.start = {}, .duration = 50_s}});
  if (beside_copy) lab.engine.spawn("copy", job.run());
  storage::BulkJob read;
  read.block_size = 1_MiB;
  read.depth = 8;
  read.total = Bytes::from_base(6000.0 * 1048576.0);
  PacedBulk bulk(lab.engine);
  Seconds finished;
  lab.engine.schedule(1_s, Priority::Normal, [&] {
    bulk.start(drive, on_bus ? BusWay{&lab.bus, {{2}}} : BusWay{}, read, 3000_MBps, [&] { finished = lab.engine.now(); });
  });
  lab.engine.run(60_s);
  return finished;
}

// Each process runs one engine: how long it takes without a bus is told by the drive.
TEST(PacedBulk, AnIdleBusChangesNothing) {
  EXPECT_NEAR(read_beside(true, false).value(), 1.0 + 6.291456 / 3.0, 0.005);
}

TEST(PacedBulk, WithoutABusItIsWhatTheDriveGives) {
  EXPECT_NEAR(read_beside(false, false).value(), 1.0 + 6.291456 / 3.0, 0.005);
}

TEST(PacedBulk, BesideACopyItGetsHalfOfTheLink) {
  EXPECT_NEAR(read_beside(true, true).value(), 1.0 + 6.291456 / 2.0, 0.05);
}

struct Ended final : IoListener {
  explicit Ended(Engine& of) : engine(&of) {}
  void io_ended(std::size_t, storage::IoCompletion&& ended) override {
    at = engine->now();
    completion = std::move(ended);
  }
  Engine* engine;
  Seconds at;
  storage::IoCompletion completion;
};

/// Two drives of 3 GB/s, one of which sends what is read over the narrow link; both read 3 MB, with a copy on the link or not.
struct TwoReads {
  explicit TwoReads(bool beside_copy) {
    crossing.cross(lab.bus, {{2}}, {{3}});
    if (beside_copy) lab.engine.spawn("copy", job.run());
    lab.engine.schedule(1_s, Priority::Normal, [this] {
      plain.submit(first, apart, 0);
      crossing.submit(second, over_bus, 0);
      plain.unplug();
      crossing.unplug();
    });
    lab.engine.run(60_s);
  }

  Lab lab;
  DriveService plain{lab.engine, 5, drive_of(3000_MBps)};
  DriveService crossing{lab.engine, 6, drive_of(3000_MBps)};
  BulkCopy job{lab.engine, lab.bus, {.lanes = {{2}}}, {.owner = kSecond, .schedule = {.start = {}, .duration = 50_s}}};
  storage::Io first{.owner = kFirst, .size = Bytes::from_base(3e6)};
  storage::Io second = first;
  Ended apart{lab.engine};
  Ended over_bus{lab.engine};
};

TEST(DriveOnTheBus, AnIdleBusChangesNothing) {
  const TwoReads reads(false);
  EXPECT_GT(reads.apart.at, 1_s);
  EXPECT_EQ(reads.over_bus.at, reads.apart.at);
  EXPECT_EQ(reads.over_bus.completion.causes.size(), reads.apart.completion.causes.size());
}

TEST(DriveOnTheBus, ACopyTakesHalfOfTheLinkFromASingleRead) {
  const TwoReads reads(true);
  const Seconds late = reads.over_bus.at - reads.apart.at;
  EXPECT_NEAR(late.value(), 3e6 / 2e9 - 3e6 / 4e9, 1e-9);
  const storage::IoCompletion& completion = reads.over_bus.completion;
  EXPECT_EQ(completion.finished, reads.over_bus.at);
  Seconds sum;
  Seconds by_copy;
  for (const Cause& cause : completion.causes) {
    sum += cause.duration;
    if (cause.culprit == kSecond) by_copy += cause.duration;
  }
  EXPECT_NEAR(sum.value(), (completion.finished - completion.submitted).value(), 1e-12);
  EXPECT_NEAR(by_copy.value(), late.value(), 1e-12);
}

Task<> pass(Lab& lab, Seconds& finished, Causes& causes) {
  // The network carries 6 GB at 3 GB/s; inside, the narrow link leaves them half of 4 GB/s.
  BusPassage inside(lab.engine, {&lab.bus, {{2}}}, 3000_MBps, 6.0 * kGigabyte, kFirst);
  co_await lab.engine.hold(2_s);
  causes = co_await inside.rest();
  finished = lab.engine.now();
}

TEST(BusPassage, AMessageIsThereWhenNetworkAndLinksAreThrough) {
  Lab lab;
  BulkCopy job(lab.engine, lab.bus, {.lanes = {{2}}}, {.owner = kSecond, .schedule = {.start = {}, .duration = 50_s}});
  lab.engine.spawn("copy", job.run());
  Seconds finished;
  Causes causes;
  lab.engine.spawn("message", pass(lab, finished, causes));
  lab.engine.run(60_s);
  EXPECT_NEAR(finished.value(), 3.0, 1e-6);
  ASSERT_EQ(causes.size(), 1U);
  EXPECT_EQ(causes[0].culprit, kSecond);
  EXPECT_NEAR(causes[0].duration.value(), 1.0, 1e-6);
}

TEST(BusPassage, OverAnIdleBusItIsAsFastAsTheNetwork) {
  Lab lab;
  Seconds finished;
  Causes causes;
  lab.engine.spawn("message", pass(lab, finished, causes));
  lab.engine.run(60_s);
  EXPECT_NEAR(finished.value(), 2.0, 1e-9);
  EXPECT_NEAR(lab.bus.moved(2).value(), 6e9, 1.0);
}

}  // namespace
}  // namespace labtwin::service
