#include "models/calibration/llm_placement.hpp"

#include <gtest/gtest.h>

#include <string>

namespace labtwin::calibration {
namespace {

// Qwen3-30B-A3B has 48 layers; with four bits it takes more than 12 GB.
LlmRun run_of(const std::string& ngl, const std::string& notes, const std::string& gpu = "RTX 4090") {
  MeasurementTable table("runs", {"gpu", "backend", "engine", "model", "quant", "quantity", "value", "ngl", "notes", "cpu"});
  table.add_row({gpu, "cuda", "llama.cpp", "Qwen3-30B-A3B", "Q4_K_M", "decode_tok_s", "", ngl, notes, ""});
  static const LlmParts parts;
  return read_llm_run(table, 0, parts);
}

TEST(LlmPlacement, ACardThatHoldsTheModelLeavesTheHostNothing) {
  EXPECT_EQ(run_of("99", "").host_share(), 0.0);
}

TEST(LlmPlacement, WhatACardCannotHoldIsExpertsFirst) {
  const serving::WeightPlacement weights = run_of("99", "", "RTX 4070").run.weights;
  EXPECT_GT(weights.experts_in_host.value(), 1e9);
  EXPECT_EQ(weights.dense_in_host.value(), 0.0);
}

TEST(LlmPlacement, LayersBeyondNglAreWhollyInTheHost) {
  const serving::WeightPlacement weights = run_of("25", "").run.weights;  // half of the layers, and the head
  EXPECT_NEAR(weights.experts_in_host / (weights.experts_in_host + weights.experts_on_card), 0.5, 1e-9);
  EXPECT_GT(weights.dense_in_host.value(), 0.0);
}

TEST(LlmPlacement, OffloadedLayersKeepTheirExpertsInTheHost) {
  const serving::WeightPlacement some = run_of("49", "offload 12; fit_target 256").run.weights;
  EXPECT_NEAR(some.experts_in_host / (some.experts_in_host + some.experts_on_card), 0.25, 1e-9);
  EXPECT_EQ(some.dense_in_host.value(), 0.0);
  EXPECT_EQ(run_of("49", "offload none").host_share(), 0.0);
  EXPECT_EQ(run_of("", "hybrid: experts on CPU").run.weights.experts_on_card.value(), 0.0);
}

TEST(LlmPlacement, ATokenReadsOfTheHostTheExpertsThatItPicks) {
  const serving::WeightPlacement weights = run_of("", "experts on CPU").run.weights;
  EXPECT_NEAR(weights.read_in_host(1.0) / weights.experts_in_host, 8.0 / 128.0, 1e-9);
}

TEST(LlmPlacement, HostsOfNewerCardsHaveFasterMemory) {
  EXPECT_GT(run_of("99", "", "RTX 4070").run.host_bandwidth, run_of("99", "", "RTX 3060 12GB").run.host_bandwidth);
}

}  // namespace
}  // namespace labtwin::calibration
