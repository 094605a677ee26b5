#include "sim/service/model_load.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "models/serving/llama_scheduler.hpp"
#include "sim/service/drive_service.hpp"
#include "tests/unit/serving/simple_steps.hpp"
#include "tests/unit/storage/drive_under_test.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using serving::testing::SimpleSteps;
using storage::testing::sharp_drive;

constexpr OwnerId kUser = 0;
constexpr OwnerId kLoader = 1;
constexpr Bytes kGigabyte = Bytes::from_base(1e9);

struct Lab {
  explicit Lab(BytesPerSecond drive_rate) : drive(engine, 0, sharp_drive(1_us, drive_rate), Seconds{}) {}
  ~Lab() { engine.end_processes(); }
  Engine engine;
  DriveService drive;
  GpuCard card{engine, 1};
  LlmServer server{engine,
                   card,
                   std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.slot_tokens = 1000}),
                   std::make_unique<SimpleSteps>(),
                   {.longest_request = 1000}};
};

ModelLoadOptions ten_gigabytes() {
  ModelLoadOptions options;
  options.owner = kLoader;
  options.weights = 10.0 * kGigabyte;
  options.read_ahead = 128_KiB;
  options.card_link = 10000_MBps;
  options.loader = {.cold_rate = 2000_MBps, .upload_share = 0.5, .start_up = 1_s};
  return options;
}

double ready(BytesPerSecond drive_rate, const ModelLoadOptions& options) {
  Lab lab(drive_rate);
  ModelLoad load(lab.engine, RandomSource(1, 0), options, lab.drive, lab.server);
  lab.engine.spawn("load", load.run());
  lab.engine.run();
  return load.ready_at().value().value();
}

TEST(ModelLoad, TakesTheTimeOfTheSlowestStage) {
  EXPECT_NEAR(ready(500_MBps, ten_gigabytes()), 1.0 + 20.0, 0.05);
}

TEST(ModelLoad, IsBoundByTheThreadThatReadsBehindAFastDrive) {
  EXPECT_NEAR(ready(8000_MBps, ten_gigabytes()), 1.0 + 5.0, 0.05);
}

TEST(ModelLoad, OfAWarmFileIsBoundByTheLinkOfTheCard) {
  ModelLoadOptions options = ten_gigabytes();
  options.warm_share = 1.0;
  EXPECT_NEAR(ready(100_MBps, options), 1.0 + 2.0, 1e-9);
}

/// When two copies are ready that load from one drive, the second over a link of its own.
std::pair<double, double> both_ready(BytesPerSecond second_link) {
  Lab lab(500_MBps);
  GpuCard card(lab.engine, 2);
  LlmServer copy(lab.engine, card,
                 std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.slot_tokens = 1000}),
                 std::make_unique<SimpleSteps>(), {.longest_request = 1000});
  ModelLoad load(lab.engine, RandomSource(1, 0), ten_gigabytes(), lab.drive, lab.server);
  ModelLoadOptions options = ten_gigabytes();
  options.leader = &load;
  options.card_link = second_link;
  ModelLoad second(lab.engine, RandomSource(1, 0), options, lab.drive, copy);
  lab.engine.spawn("second", second.run());
  lab.engine.spawn("load", load.run());
  lab.engine.run();
  return {load.ready_at().value().value(), second.ready_at().value().value()};
}

TEST(ModelLoad, ASecondCopyFindsInMemoryWhatTheFirstHasRead) {
  const auto [first, second] = both_ready(10000_MBps);
  // The drive is read once, and neither is there before it is.
  EXPECT_NEAR(first, 1.0 + 20.0, 0.05);
  EXPECT_NEAR(second, first, 1e-9);
}

TEST(ModelLoad, ASecondCopyHasALinkOfItsOwn) {
  const auto [first, second] = both_ready(500_MBps);
  EXPECT_NEAR(first, 1.0 + 20.0, 0.05);
  // Half of a narrow link: 10 GB at 250 MB/s.
  EXPECT_NEAR(second, 1.0 + 40.0, 1e-6);
}

Task<> ask(LlmServer& server, GenerationResult& result) {
  const GenerationRequest request{.owner = kUser, .prompt_tokens = 100, .output_tokens = 1};
  result = co_await server.generate(request);
}

TEST(ModelLoad, LetsRequestsWaitAndTakesTheBlame) {
  Lab lab(1000_MBps);
  ModelLoad load(lab.engine, RandomSource(1, 0), ten_gigabytes(), lab.drive, lab.server);
  GenerationResult result;
  lab.engine.spawn("load", load.run());
  lab.engine.spawn("user", ask(lab.server, result));
  lab.engine.run();
  const double waited = load.ready_at().value().value();
  EXPECT_NEAR(lab.engine.now().value(), waited + 0.1, 1e-9);
  ASSERT_FALSE(result.causes.empty());
  EXPECT_EQ(result.causes[0].kind, DelayKind::Waiting);
  EXPECT_EQ(result.causes[0].culprit, kLoader);
  EXPECT_NEAR(result.causes[0].duration.value(), waited, 1e-9);
}

}  // namespace
}  // namespace labtwin::service
