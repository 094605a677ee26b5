#pragma once

// How fast the host of a measured run reads its memory.

#include <string_view>

#include "models/base/units.hpp"
#include "models/calibration/llm_parts.hpp"

namespace labtwin::calibration {

/// What a row tells of its host.
struct HostOfRow {
  std::string_view processor;     ///< `EPYC 9354`, `2x Xeon Gold 6138`; empty where nobody names it
  std::string_view architecture;  ///< of its card; empty where it has none
  Bytes kept;                     ///< of the model, that lies in its memory
};

/// Of the sockets of this name together, else of the usual host beside such a card (models/serving/usual_memory.hpp).
[[nodiscard]] BytesPerSecond host_bandwidth(const HostOfRow& host, const LlmParts& parts);

}  // namespace labtwin::calibration
