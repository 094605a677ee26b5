#pragma once

// What of a model's weights lies where, on the machine of a row of kind `vram_usage`.

#include "models/calibration/vram_row.hpp"
#include "models/serving/accelerator_spec.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::calibration {

/// The card of a row, or a common one where none is known.
[[nodiscard]] serving::AcceleratorSpec card_of(const VramRow& row);

/// Nominal memory of all cards; those that are not known count as a common one.
[[nodiscard]] Bytes cards_memory(const VramRow& row);

/// Weights of the row's model, scaled to its file where that is told. Files of the fork's recipes keep 8 bits in all but the
/// experts. Who does not say how a model is stored runs what fits.
[[nodiscard]] serving::ModelWeights weights_of(const VramRow& row);

/// Whether all experts are left to the host: by name, or because with the fork, which is made for that, a model is larger than
/// the cards that are said to run all of its layers.
[[nodiscard]] bool leaves_experts_to_host(const VramRow& row, const serving::ModelWeights& weights);

/// All but the routed experts of the layers.
[[nodiscard]] Bytes dense_layers(const serving::ModelWeights& weights);

/// What the host's own buffer holds beside `layers` layers that stay there.
[[nodiscard]] Bytes host_weights(const VramRow& row, const serving::ModelWeights& weights, double layers);

}  // namespace labtwin::calibration
