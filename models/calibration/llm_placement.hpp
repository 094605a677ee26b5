#pragma once

// Where the weights of a row of kind `llm_throughput` lie.

#include <cstddef>

#include "models/calibration/llm_run.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// Moves to the host what people say that it keeps, and what a card of so many bytes (0: not told, or the host's own) cannot
/// hold: experts first, for a token reads few of them. Of layers on the card (`ngl`, the head among them), those of `offload N`
/// have their experts in the host.
void place_in_host(LlmRun& row, const MeasurementTable& table, std::size_t index, double card_memory);

}  // namespace labtwin::calibration
