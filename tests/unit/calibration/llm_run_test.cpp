#include "models/calibration/llm_run.hpp"

#include <gtest/gtest.h>

#include <cmath>
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
  std::string engine = "llama.cpp";
  std::string cpu = {};
};

LlmRun run_of(const Cells& cells) {
  MeasurementTable table("runs", {"gpu", "backend", "engine", "model", "quant", "quantity", "value", "notes", "cpu"});
  table.add_row({cells.gpu, cells.backend, cells.engine, cells.model, "Q4_K_M", cells.quantity, "", cells.notes, cells.cpu});
  static const LlmParts parts;
  return read_llm_run(table, 0, parts);
}

TEST(LlmRun, AProcessorWithoutAnEntryIsOneOfItsLine) {
  const LlmRun run = run_of({.gpu = "CPU: Xeon E5-2697 v2", .backend = "cpu", .notes = {}});
  EXPECT_EQ(run.backend, "cpu");
  EXPECT_NEAR(run.run.memory_bandwidth.value(), 59.7e9, 1e6);
}

TEST(LlmRun, AProcessorWithoutARateHasThatOfItsLinesCores) {
  // 128 cores of a line whose usual member has 72 with 8 Tflop/s; products of eight bits are twice as fast.
  const LlmRun run = run_of({.gpu = "CPU: Xeon 6980P", .backend = "cpu", .notes = {}});
  EXPECT_NEAR(run.run.peak_flops.value(), 2.0 * 8e12 * 128.0 / 72.0, 1e9);
}

TEST(LlmRun, AnotherMemberIsToldByItsLineNotByTheNearestEntry) {
  const LlmRun run = run_of({.gpu = "CPU: Apple M1 Ultra 16P+4E", .backend = "cpu", .notes = {}});
  EXPECT_NEAR(run.run.memory_bandwidth.value(), 819.2e9, 1e6);
}

TEST(LlmRun, CountedParametersTellAModel) {
  MeasurementTable table("runs", {"gpu", "model", "params_b", "quantity"});
  table.add_row({"RTX 3090", "qwen3moe ?B", "235.09", "decode_tok_s"});
  table.add_row({"RTX 3090", "llama 13B", "24", "decode_tok_s"});
  const LlmParts parts;
  EXPECT_EQ(read_llm_run(table, 0, parts).model, "qwen3-235b-a22b");
  EXPECT_TRUE(read_llm_run(table, 1, parts).unlisted);
}

TEST(LlmRun, SaysWhereNothingIsGuessedAhead) {
  EXPECT_EQ(run_of({.notes = "no speculation; card as stated"}).speculation, "");
  EXPECT_EQ(run_of({.notes = "speculative decoding draft-mtp"}).speculation, "mtp");
}

TEST(LlmRun, WhatOtherRunsGuessIsNotThisRuns) {
  const std::string others = "; many composes use MTP/DFlash speculative decoding";
  EXPECT_EQ(run_of({.notes = "compose llamacpp/default" + others}).speculation, "");
  EXPECT_EQ(run_of({.notes = "compose mtp.yml" + others}).speculation, "mtp");
  EXPECT_EQ(run_of({.notes = "compose dual.yml" + others}).speculation, "perhaps");
}

TEST(LlmRun, AStepYieldsTheGuessesThatAreRight) {
  const LlmRun run = run_of({.notes = "speculative decoding draft-mtp n-max 2 acceptance 0.4-0.6; median"});
  EXPECT_NEAR(run.tokens_per_step, 1.0 + 0.5 + 0.25, 1e-9);
  EXPECT_EQ(run.guessed, 2.0);
  EXPECT_NEAR(run_of({.notes = "draft-mtp n-max 3 acceptance 0.5; x"}).tokens_per_step, 1.875, 1e-9);
  EXPECT_EQ(run_of({.notes = "draft-mtp n-max 3 acceptance -; card as stated: RTX 4090 24GB"}).tokens_per_step, 1.0);
}

TEST(LlmRun, KeysAndValuesTakeWhatTheirTypeTakes) {
  const double plain = run_of({.notes = {}}).run.context_cache.value();
  EXPECT_NEAR(run_of({.notes = "; type_k=q8_0; type_v=q8_0"}).run.context_cache.value(), plain * 34.0 / 64.0, 1e-6 * plain);
  EXPECT_NEAR(run_of({.notes = "exl3-ab; kv q8_0"}).run.context_cache.value(), plain * 34.0 / 64.0, 1e-6 * plain);
  EXPECT_EQ(run_of({.notes = "median of 3; kv default"}).run.context_cache.value(), plain);
}

TEST(LlmRun, ACardThatIsStatedWithMoreMemoryHoldsMore) {
  const Cells stated{.gpu = "V100", .model = "Qwen3-32B", .notes = "card as stated: Tesla V100 32GB (Volta); median"};
  EXPECT_EQ(run_of(stated).host_share(), 0.0);
  EXPECT_GT(run_of({.gpu = "V100", .model = "Qwen3-32B", .notes = {}}).host_share(), 0.0);
}

TEST(LlmRun, OllamaHandsFilesOfApplesFormatsToMlx) {
  const Cells mlx{.gpu = "M3 Max", .backend = "metal", .model = "gemma4:12b-mlx", .notes = {}, .engine = "ollama"};
  EXPECT_EQ(run_of(mlx).engine, "mlx");
  Cells other = mlx;
  other.model = "gemma4:12b";
  EXPECT_EQ(run_of(other).engine, "ollama");
}

TEST(LlmRun, ALargeModelOfWhichNoActiveParametersAreToldHasExperts) {
  MeasurementTable table("runs", {"gpu", "model", "params_b", "active_params_b", "quantity"});
  table.add_row({"RTX 3090", "a model of next year", "35", "", "decode_tok_s"});
  table.add_row({"RTX 3090", "a model of next year", "35", "35", "decode_tok_s"});
  table.add_row({"RTX 3090", "gemma4", "26", "4", "decode_tok_s"});
  const LlmParts parts;
  EXPECT_NEAR(read_llm_run(table, 0, parts).run.active_parameters, 0.27e9 * std::pow(35.0, 0.75), 1e6);
  EXPECT_NEAR(read_llm_run(table, 1, parts).run.active_parameters, 35e9, 1.0);
  EXPECT_EQ(read_llm_run(table, 2, parts).model, "gemma-4-26b-a4b");
}

TEST(LlmRun, AQuantisationWithinLongerTextIsThatOfTheFile) {
  const LlmParts parts;
  EXPECT_EQ(parts.quant_within("bytkim Q4_K_M MTP **pi-reasoning** (")->name(), "q4_k_m");
  EXPECT_EQ(parts.quant_within("IQ3_XXS_embed_q6_0_output")->name(), "iq3_xxs");
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

TEST(LlmRun, TellsAModelWhoseShapeIsGuessed) {
  EXPECT_TRUE(run_of({.model = "a model of next year 12B", .notes = {}}).unlisted);
  EXPECT_FALSE(run_of({.notes = {}}).unlisted);
}

TEST(LlmRun, ANameTellsTheSizeThatAnEntrysNameTells) {
  const LlmRun run = run_of({.model = "gemma-4-E2B-it", .notes = {}});
  EXPECT_EQ(run.model, "gemma-4-e2b");
  EXPECT_FALSE(run.unlisted);
}

TEST(LlmRun, TheProcessorTellsAChipThatIsBothMoreClosely) {
  EXPECT_EQ(run_of({.gpu = "M4", .backend = "metal", .notes = {}, .cpu = "Apple M4 Pro"}).card, "apple-m4-pro");
  EXPECT_EQ(run_of({.gpu = "M4", .backend = "metal", .notes = {}}).card, "apple-m4");
  EXPECT_EQ(run_of({.gpu = "M1 Max 24c", .backend = "metal", .notes = {}, .cpu = "Apple M1 Max 8P+2E"}).card,
            "apple-m1-max-24c");
  EXPECT_EQ(run_of({.notes = {}, .cpu = "EPYC 7642"}).card, "rtx-3090");
}

TEST(LlmRun, TheProcessorTellsWhatTheHostReads) {
  EXPECT_NEAR(run_of({.notes = {}, .cpu = "EPYC 7642"}).run.host_bandwidth.value(), 204.8e9, 1e9);
  EXPECT_NEAR(run_of({.notes = {}}).run.host_bandwidth.value(), 51.2e9, 1.0);
  EXPECT_NEAR(run_of({.model = "DeepSeek-V3", .notes = {}}).run.host_bandwidth.value(), 204.8e9, 1.0);
}

TEST(LlmRun, ConsumerCardsSumInFp16TwiceAsFast) {
  // Of one the datasheet tells both sums, of the other the slower.
  EXPECT_NEAR(run_of({.notes = {}}).run.peak_flops.value(), 142e12, 1e9);
  const LlmRun laptop = run_of({.gpu = "RTX 4060 Laptop", .notes = {}});
  EXPECT_NEAR(laptop.run.peak_flops.value(), 4.0 * laptop.run.vector_flops.value(), 0.05 * laptop.run.peak_flops.value());
}

TEST(LlmRun, ExllamaIsNoLlamaCpp) {
  EXPECT_EQ(run_of({.notes = {}, .engine = "exllamav3"}).engine, "exllama");
  EXPECT_EQ(run_of({.notes = {}, .engine = "llama.cpp or ollama"}).engine, "ollama");
}

TEST(LlmRun, GraphicsOfAProcessorRunWhatTheBackendSays) {
  EXPECT_EQ(run_of({.gpu = "CPU: Ryzen 7 8845HS", .backend = "vulkan", .notes = {}}).card, "radeon-780m");
  EXPECT_EQ(run_of({.gpu = "CPU: Ryzen 7 8845HS", .backend = "cpu", .notes = {}}).architecture, "cpu");
}

TEST(LlmRun, TimesToTheFirstTokenAreOfRequests) {
  EXPECT_TRUE(run_of({.quantity = "ttft_ms", .notes = {}}).run.is_request);
  EXPECT_FALSE(run_of({.quantity = "prefill_tok_s", .notes = {}}).run.is_request);
}

}  // namespace
}  // namespace labtwin::calibration
