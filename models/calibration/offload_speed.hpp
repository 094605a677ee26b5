#pragma once

// The step times of a server of which the host's memory holds a part.

#include "models/calibration/server_speed.hpp"

namespace labtwin::calibration {

/// Law:    the terms of kind offload for this card, model and host, in steps of whole batches
/// Inputs: a server of llama.cpp with `offload`
/// Valid:  one card
/// Source: models/serving/offload_step_time.hpp, models/calibration/priors/offload.toml
/// Error:  see `labtwin validate` of kind offload
[[nodiscard]] ServerSpeed offload_speed(const ServerSetup& setup, const serving::LlamaServer& server);

}  // namespace labtwin::calibration
