#include "models/calibration/llm_times.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace labtwin::calibration {
namespace {

// Each name that nothing was fitted for grows the table of effects, which moves now and then.
TEST(LlmTimes, ANameThatNobodyMeasuredTakesTheSameTimeTheSecondTime) {
  LlmTimes times;
  for (int i = 0; i < 40; ++i) {
    LlmRunCells cells;
    cells.gpu = "RTX 3090";
    cells.engine = "ollama";
    cells.model = fmt::format("model nobody measured {} 7B", i);
    cells.quant = "Q4_K_M";
    cells.quantity = "prefill_tok_s";
    cells.prompt_tokens = 1000.0;
    const double first = times.time(cells).seconds;
    EXPECT_DOUBLE_EQ(times.time(cells).seconds, first) << cells.model;
    EXPECT_GT(first, 0.01);
    EXPECT_LT(first, 60.0);
  }
}

}  // namespace
}  // namespace labtwin::calibration
