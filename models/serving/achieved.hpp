#pragma once

#include "models/serving/accelerator_spec.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/quantisation.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Law:    an engine achieves what its card was measured to, else 0.7 of the bandwidth, 0.4 of the peak and 3 ms a step
/// Valid:  llama.cpp on one card
/// Source: medians over cards of one stream of llama.cpp: 0.6 to 0.8 of the bandwidth, 0.4 to 0.65 of the peak
/// Error:  about 30 % for a card that was not measured
[[nodiscard]] Accelerator accelerator_of(const AcceleratorSpec& spec);

/// What a model of this shape asks for when it is stored like this, with a cache in FP16.
[[nodiscard]] LanguageModel language_model_of(const ModelShape& shape, const Quantisation& quant);

}  // namespace labtwin::serving
