#include "sim/service/corpus_job.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "models/serving/encoder_scheduler.hpp"
#include "tests/unit/service/ask.hpp"
#include "tests/unit/serving/simple_steps.hpp"

namespace labtwin::service {
namespace {

using namespace labtwin::literals;
using serving::testing::SimpleSteps;

constexpr OwnerId kIngest = 0;
constexpr OwnerId kUser = 1;

struct Lab {
  ~Lab() { engine.end_processes(); }
  Engine engine;
  GpuCard card{engine, 3};
  LlmServer embedder{engine,
                     card,
                     std::make_unique<serving::EncoderScheduler>(1000),
                     std::make_unique<SimpleSteps>(),
                     {.longest_request = 1002}};
};

TEST(CorpusJob, EmbedsEveryTextOnce) {
  Lab lab;
  CorpusJob job(lab.engine, lab.embedder,
                {.owner = kIngest, .num_texts = 103, .tokens = 100, .concurrency = 10, .schedule = {}});
  lab.engine.spawn("ingest", job.run());
  lab.engine.run();
  EXPECT_EQ(job.num_embedded(), 103U);
  EXPECT_EQ(job.num_passes(), 1U);
  EXPECT_EQ(job.active_time(), lab.engine.now());
  EXPECT_EQ(job.time_of_passes(), job.active_time());
}

TEST(CorpusJob, TextsThatAreAskedForTogetherShareBatches) {
  Lab lab;
  CorpusJob job(lab.engine, lab.embedder,
                {.owner = kIngest, .num_texts = 400, .tokens = 100, .concurrency = 10, .schedule = {}});
  lab.engine.spawn("ingest", job.run());
  lab.engine.run();
  // The first text goes alone, the nine behind it together, and so on.
  EXPECT_LE(lab.embedder.num_steps(), 100U);
  EXPECT_NEAR(job.time_of_passes().value(), 400 * 100 * 1e-3, 1e-9);
}

TEST(CorpusJob, AQuestionWaitsForTheBatchBeforeItAndBlamesIt) {
  Lab lab;
  CorpusJob job(lab.engine, lab.embedder,
                {.owner = kIngest, .num_texts = 1000, .tokens = 100, .concurrency = 10, .schedule = {}});
  testing::Answer answer;
  lab.engine.spawn("ingest", job.run());
  lab.engine.spawn(
      "ask", testing::ask(lab.engine, lab.embedder, 1_s, {.owner = kUser, .prompt_tokens = 10, .output_tokens = 1}, answer));
  lab.engine.run();
  EXPECT_EQ(answer.result.outcome, Outcome::Completed);
  Seconds together;
  Seconds of_ingest;
  for (const Cause& cause : answer.result.causes) {
    together += cause.duration;
    if (cause.culprit == kIngest) of_ingest += cause.duration;
  }
  EXPECT_NEAR(together.value(), (answer.finished - 1_s).value(), 1e-9);
  EXPECT_GT(of_ingest, Seconds{});
}

}  // namespace
}  // namespace labtwin::service
