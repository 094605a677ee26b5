#include <gtest/gtest.h>

#include "models/catalog/data_folder.hpp"
#include "models/registry.hpp"
#include "models/serving/achieved.hpp"

namespace labtwin {
namespace {

/// Tokens per second of one sequence that starts with an empty context and decodes 1024 tokens.
double decode_rate(const serving::RooflineStepTime& law) {
  return 1024.0 / law.decode_time({.num_decodes = 1.0, .context_tokens = 1.0}, 1024).value();
}

TEST(AcceleratorCatalog, Rtx3090ReproducesTheRunsItWasTakenFrom) {
  const catalog::Catalog catalog;
  const AcceleratorPart gpu = load_accelerator(catalog, "rtx-3090");
  const ModelPart llama = load_language_model(catalog, "llama-3-8b");
  const serving::QuantTable quants = load_quant_table(catalog);
  const auto law = [&](std::string_view quant) {
    return serving::RooflineStepTime(serving::accelerator_of(gpu.spec),
                                     serving::language_model_of(llama.shape, serving::Quantisation::parse(quants, quant)));
  };
  const serving::RooflineStepTime quantised = law("q4_k_m");
  const serving::RooflineStepTime half = law("f16");
  EXPECT_NEAR(decode_rate(quantised), 111.74, 111.74 * 0.01);
  EXPECT_NEAR(decode_rate(half), 46.51, 46.51 * 0.01);
  // The rate of prompts includes the overhead of one step.
  EXPECT_NEAR(1024.0 / quantised.step_time({.prefill_tokens = 1024.0}).value(), 3865.39, 3865.39 * 0.02);
}

}  // namespace
}  // namespace labtwin
