#pragma once

#include "models/base/table_reader.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Parameters of a `gpus` entry of the law `roofline`: memory_bandwidth, memory_efficiency, peak_flops, compute_efficiency,
/// step_overhead, vram.
[[nodiscard]] Accelerator read_accelerator(TableReader& parameters);

/// Parameters of an `llms` entry of the law `dense_decoder`: weights, kv_cache, num_parameters.
[[nodiscard]] LanguageModel read_language_model(TableReader& parameters);

}  // namespace labtwin::serving
