#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "models/calibration/tail_process.hpp"

namespace labtwin::calibration {

/// What a benchmark reports of one loop.
struct RunFigures {
  std::string_view operation;
  double num_in_flight = 1.0;
  double bytes_per_s = 0.0;
  std::optional<double> latency_us{};
  std::array<std::optional<double>, kNumQuantiles> quantile_us{};
};

/// Why a run cannot be a measurement of a drive: served from memory, faster than any medium, percentiles that fall. Empty if it
/// can.
[[nodiscard]] std::string why_implausible(const RunFigures& run);

}  // namespace labtwin::calibration
