#pragma once

// Where the weights of a row of kind `llm_throughput` lie, and how fast the host reads its part.

#include <cstddef>
#include <string_view>

#include "models/calibration/llm_parts.hpp"
#include "models/calibration/llm_run.hpp"
#include "models/calibration/measurement_table.hpp"

namespace labtwin::calibration {

/// Moves to the host what people say that it keeps, and what a card of so many bytes (0: not told, or the host's own) cannot
/// hold: experts first, for a token reads few of them. Of layers on the card (`ngl`, the head among them), those of `offload N`
/// have their experts in the host.
void place_in_host(LlmRun& row, const MeasurementTable& table, std::size_t index, double card_memory);

/// Of the memory of the processor of this name, else of a usual host: a server where it keeps more than a desktop holds, DDR5
/// beside cards of its years, DDR4 beside older ones.
[[nodiscard]] BytesPerSecond host_bandwidth(std::string_view processor, const LlmRun& row, const LlmParts& parts);

}  // namespace labtwin::calibration
