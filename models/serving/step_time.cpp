#include "models/serving/step_time.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

constexpr Seconds kForgiven = Seconds::from_base(1e-9);

Tokens tokens(double count) {
  return Tokens::from_base(count);
}

}  // namespace

std::uint64_t decode_steps_within(const StepTimeModel& model, const StepBatch& batch, Seconds elapsed, std::uint64_t limit) {
  std::uint64_t low = 0;
  std::uint64_t high = limit;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (model.decode_time(batch, middle) <= elapsed + kForgiven) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

RooflineStepTime::RooflineStepTime(const Accelerator& accelerator, const LanguageModel& model)
    : overhead_(accelerator.step_overhead) {
  const BytesPerSecond bandwidth = accelerator.memory_bandwidth * accelerator.memory_efficiency;
  weights_time_ = model.weights / bandwidth;
  context_time_ = model.kv_cache / bandwidth;
  const double flops_per_token = 2.0 * model.num_parameters;
  prefill_time_ =
      SecondsPerToken::from_base(flops_per_token / (accelerator.peak_flops.value() * accelerator.compute_efficiency));
}

Seconds RooflineStepTime::step_time(const StepBatch& batch) const {
  const Seconds arithmetic = prefill_time_ * tokens(batch.prefill_tokens + batch.num_decodes);
  return overhead_ + std::max(weights_time_, arithmetic) + context_time_ * tokens(batch.context_tokens);
}

Seconds RooflineStepTime::decode_time(const StepBatch& batch, std::uint64_t num_steps) const {
  if (num_steps == 0) return Seconds{};
  // The context grows by num_decodes a step, so the steps are an arithmetic series.
  const auto steps = static_cast<double>(num_steps);
  const Seconds first = step_time(batch);
  const Seconds growth = context_time_ * tokens(batch.num_decodes);
  return first * steps + growth * (steps * (steps - 1.0) / 2.0);
}

}  // namespace labtwin::serving
