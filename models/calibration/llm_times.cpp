#include "models/calibration/llm_times.hpp"

#include <fmt/format.h>

#include <cmath>

namespace labtwin::calibration {
namespace {

std::string told(double value) {
  return value > 0.0 ? fmt::format("{:g}", value) : std::string();
}

}  // namespace

LlmTimes::LlmTimes() : effects_(LlmEffects::shipped()) {}

LlmTime LlmTimes::time(const LlmRunCells& cells) {
  MeasurementTable table("run", {"gpu", "backend", "model", "quant", "quantity", "value", "engine", "num_gpus", "split_mode",
                                 "concurrency", "prompt_tokens", "gen_tokens", "context_depth", "power_limit_w", "notes"});
  table.add_row({cells.gpu, "", cells.model, cells.quant, cells.quantity, "", cells.engine, told(cells.num_cards),
                 cells.splits_tensors ? "tensor" : "layer", told(cells.batch), told(cells.prompt_tokens),
                 told(cells.generated_tokens), told(cells.depth), told(cells.power_limit_w), cells.speculation});
  LlmTime result{.run = read_llm_run(table, 0, parts_)};
  // A name that nothing was fitted for adds an effect: the row first, then a view of the effects.
  const PooledRow row = effects_.design(result.run);
  result.seconds = std::exp(predict_pooled(row, effects_.values()).log_value);
  return result;
}

}  // namespace labtwin::calibration
