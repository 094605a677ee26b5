#include "models/calibration/llm_run.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labtwin::calibration {
namespace {

struct Cells {
  std::string gpu = "RTX 3090";
  std::string backend = "cuda";
  std::string model = "Llama-3.1-8B";
  std::string quantity = "decode_tok_s";
  std::string notes;
};

LlmRun run_of(const Cells& cells) {
  MeasurementTable table("runs", {"gpu", "backend", "engine", "model", "quant", "quantity", "value", "notes"});
  table.add_row({cells.gpu, cells.backend, "llama.cpp", cells.model, "Q4_K_M", cells.quantity, "", cells.notes});
  static const LlmParts parts;
  return read_llm_run(table, 0, parts);
}

TEST(LlmRun, AProcessorWithoutAnEntryIsOneOfItsLine) {
  const LlmRun run = run_of({.gpu = "CPU: Xeon E5-2697 v2", .backend = "cpu", .notes = {}});
  EXPECT_EQ(run.backend, "cpu");
  EXPECT_NEAR(run.run.memory_bandwidth.value(), 59.7e9, 1e6);
}

TEST(LlmRun, FewThreadsDoNotFillTheMemory) {
  const Cells all{.gpu = "CPU: Xeon E5-2697 v2", .backend = "cpu", .notes = {}};
  Cells few = all;
  few.notes = "sd 0.1; threads=2";
  EXPECT_LT(run_of(few).run.memory_bandwidth, run_of(all).run.memory_bandwidth);
  EXPECT_LT(run_of(few).run.memory_bandwidth.value(), 16e9);
  few.notes = "2 threads";
  EXPECT_LT(run_of(few).run.memory_bandwidth.value(), 16e9);
  few.notes = "threads of a forum";
  EXPECT_EQ(run_of(few).run.memory_bandwidth, run_of(all).run.memory_bandwidth);
}

TEST(LlmRun, AnUnknownCardIsNoProcessor) {
  const LlmRun run = run_of({.gpu = "A card of next year", .notes = {}});
  EXPECT_EQ(run.backend, "cuda");
  EXPECT_GT(run.run.memory_bandwidth.value(), 200e9);
}

TEST(LlmRun, TellsAModelWithoutAnySize) {
  EXPECT_TRUE(run_of({.model = "a model of next year", .notes = {}}).unsized);
  EXPECT_FALSE(run_of({.model = "a model of next year 12B", .notes = {}}).unsized);
  EXPECT_FALSE(run_of({.notes = {}}).unsized);
}

TEST(LlmRun, TimesToTheFirstTokenAreOfRequests) {
  EXPECT_TRUE(run_of({.quantity = "ttft_ms", .notes = {}}).run.is_request);
  EXPECT_FALSE(run_of({.quantity = "prefill_tok_s", .notes = {}}).run.is_request);
}

}  // namespace
}  // namespace labtwin::calibration
