#include "sim/service/ollama_host.hpp"

#include <gtest/gtest.h>

#include <memory>

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
constexpr Bytes kGigabyte = Bytes::from_base(1e9);

/// Models of 10 GB in a card of 24 GB; each takes 1 s and 10 s from the drive.
class OllamaTest : public ::testing::Test {
 protected:
  struct Model {
    Model(OllamaTest& test, OwnerId loader)
        : server(test.engine, test.card,
                 std::make_unique<serving::LlamaScheduler>(serving::LlamaSchedulerSettings{.slot_tokens = 1000000}),
                 std::make_unique<SimpleSteps>(), {.longest_request = 1000000}),
          load(test.engine, RandomSource(1, 0), options(loader), test.drive, server) {}
    static ModelLoadOptions options(OwnerId loader) {
      ModelLoadOptions options;
      options.owner = loader;
      options.weights = 10.0 * kGigabyte;
      options.read_ahead = 128_KiB;
      options.card_link = 100000_MBps;
      options.loader = {.cold_rate = 100000_MBps, .upload_share = 1.0, .start_up = 1_s};
      return options;
    }
    LlmServer server;
    ModelLoad load;
  };

  ~OllamaTest() override { engine.end_processes(); }

  void add(OllamaHost& host, Model& model, Seconds keep_alive = 300_s) {
    host.add({.server = &model.server, .load = &model.load, .memory = 10.0 * kGigabyte, .keep_alive = keep_alive});
  }

  /// When an answer of one token to a prompt of `tokens` has come that was asked for at `at`.
  Task<> ask(LlmServer& server, Seconds at, std::uint64_t tokens, Seconds& answered, GenerationResult* result = nullptr) {
    co_await engine.hold_until(at);
    GenerationResult got =
        co_await server.generate(GenerationRequest{.owner = kUser, .prompt_tokens = tokens, .output_tokens = 1});
    answered = engine.now();
    if (result != nullptr) *result = std::move(got);
  }

  Engine engine;
  GpuCard card{engine, 1};
  DriveService drive{engine, 0, sharp_drive(1_us, 1000_MBps), Seconds{}};
};

TEST_F(OllamaTest, TheFirstRequestLoadsAndTheNextFindsTheModelThere) {
  Model model(*this, 1);
  OllamaHost host(engine, 24.0 * kGigabyte, 3);
  add(host, model);
  Seconds first;
  Seconds second;
  GenerationResult result;
  engine.spawn("first", ask(model.server, 5_s, 100, first, &result));
  engine.spawn("second", ask(model.server, 100_s, 100, second));
  engine.run(200_s);
  EXPECT_NEAR(first.value(), 5.0 + 11.0 + 0.1, 0.05);
  EXPECT_NEAR(second.value(), 100.1, 1e-6);
  EXPECT_EQ(host.num_loads(), 1U);
  ASSERT_FALSE(result.causes.empty());
  EXPECT_EQ(result.causes[0].kind, DelayKind::Waiting);
  EXPECT_EQ(result.causes[0].culprit, 1);
}

TEST_F(OllamaTest, AModelGoesWhenNobodyAsksForAsLongAsItIsKept) {
  Model model(*this, 1);
  OllamaHost host(engine, 24.0 * kGigabyte, 3);
  add(host, model, 60_s);
  Seconds first;
  Seconds second;
  engine.spawn("first", ask(model.server, 0_s, 100, first));
  engine.spawn("second", ask(model.server, 100_s, 100, second));
  engine.run(80_s);
  EXPECT_EQ(host.num_loaded(), 0U);
  EXPECT_EQ(host.used().value(), 0.0);
  engine.run(200_s);
  EXPECT_NEAR(second.value(), 111.1, 0.05);
  EXPECT_EQ(host.num_loads(), 2U);
}

TEST_F(OllamaTest, TheModelThatIsIdleLongestMakesRoom) {
  Model a(*this, 1);
  Model b(*this, 2);
  Model c(*this, 3);
  OllamaHost host(engine, 24.0 * kGigabyte, 3);
  for (Model* model : {&a, &b, &c}) add(host, *model);
  Seconds times[5];
  engine.spawn("a", ask(a.server, 0_s, 1, times[0]));
  engine.spawn("b", ask(b.server, 20_s, 1, times[1]));
  engine.spawn("a again", ask(a.server, 40_s, 1, times[2]));
  engine.spawn("c", ask(c.server, 60_s, 1, times[3]));
  engine.spawn("a is still there", ask(a.server, 80_s, 1, times[4]));
  engine.run(100_s);
  EXPECT_NEAR(times[3].value(), 71.0, 0.05);
  EXPECT_NEAR(times[4].value(), 80.001, 1e-6);
  EXPECT_EQ(host.num_loaded(), 2U);
  EXPECT_EQ(host.num_loads(), 3U);
}

TEST_F(OllamaTest, ABusyModelEndsWhatItHasBeforeItGoes) {
  Model a(*this, 1);
  Model b(*this, 2);
  OllamaHost host(engine, 24.0 * kGigabyte, 1);
  add(host, a);
  add(host, b);
  Seconds slow;
  Seconds late;
  Seconds other;
  engine.spawn("slow", ask(a.server, 0_s, 20000, slow));  // 11 to 31 s
  engine.spawn("other", ask(b.server, 15_s, 1000, other));
  engine.spawn("late", ask(a.server, 16_s, 1000, late));  // waits until the other model has been there
  engine.run(200_s);
  EXPECT_NEAR(slow.value(), 31.0, 0.05);
  EXPECT_NEAR(other.value(), 31.0 + 11.0 + 1.0, 0.1);
  EXPECT_NEAR(late.value(), 43.0 + 11.0 + 1.0, 0.2);
  EXPECT_EQ(host.num_loads(), 3U);
}

}  // namespace
}  // namespace labtwin::service
