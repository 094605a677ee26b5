#pragma once

// What cards that share every matrix exchange in a step.

#include "models/interconnect/card_group.hpp"
#include "models/serving/exchange_step_time.hpp"
#include "models/serving/model_shape.hpp"

namespace labtwin::calibration {

/// Law:    all-reduces of kind collectives, two a layer; through the host's memory no faster than copies take that way
/// Inputs: the cards' link and way to each other; layers and hidden size of the model, activations of two bytes
/// Valid:  tensor parallelism
/// Source: models/calibration/priors/collectives.toml, pcie_links.toml
/// Error:  see `labtwin validate` of the kinds collectives and tp_scaling
[[nodiscard]] serving::ExchangeCoefficients tensor_exchange(const interconnect::CardGroup& group,
                                                            const serving::ModelShape& shape);

}  // namespace labtwin::calibration
