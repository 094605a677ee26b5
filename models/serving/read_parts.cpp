#include "models/serving/read_parts.hpp"

namespace labtwin::serving {

Accelerator read_accelerator(TableReader& parameters) {
  constexpr Range kShare{.low = 0.0, .low_included = false, .high = 1.0, .high_included = true};
  Accelerator accelerator;
  accelerator.vram = parameters.required<Bytes>("vram", kPositive);
  accelerator.memory_bandwidth = parameters.required<BytesPerSecond>("memory_bandwidth", kPositive);
  accelerator.memory_efficiency = parameters.required<double>("memory_efficiency", kShare);
  accelerator.peak_flops = parameters.required<FlopsPerSecond>("peak_flops", kPositive);
  accelerator.compute_efficiency = parameters.required<double>("compute_efficiency", kShare);
  accelerator.step_overhead = parameters.required<Seconds>("step_overhead", kNonNegative);
  return accelerator;
}

LanguageModel read_language_model(TableReader& parameters) {
  LanguageModel model;
  model.weights = parameters.required<Bytes>("weights", kPositive);
  model.kv_cache = parameters.required<BytesPerToken>("kv_cache", kPositive);
  model.num_parameters = parameters.required<double>("num_parameters", kPositive);
  return model;
}

}  // namespace labtwin::serving
