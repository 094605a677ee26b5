#include "models/calibration/plausible_run.hpp"

#include <fmt/format.h>

namespace labtwin::calibration {
namespace {

// Sixteen lanes of PCIe 5.0.
constexpr double kFastestMediumBytesPerS = 64e9;
// The fastest drives of today need 7 us; memory answers in less than one.
constexpr double kShortestReadUs = 3.0;
// Percentiles are read from bins a few per cent wide.
constexpr double kBin = 1.05;

}  // namespace

std::string why_implausible(const RunFigures& run) {
  if (run.bytes_per_s > kFastestMediumBytesPerS)
    return fmt::format("{:.1f} GB/s: faster than any drive", run.bytes_per_s / 1e9);
  if (run.operation == "randread" && run.latency_us && *run.latency_us < kShortestReadUs && run.num_in_flight <= 2.0) {
    return fmt::format("{:.1f} us a read: served from memory, not from a drive", *run.latency_us);
  }
  std::optional<double> lower;
  for (const auto& quantile : run.quantile_us) {
    if (quantile && lower && *quantile * kBin < *lower)
      return fmt::format("its percentiles fall, from {:.4g} us to {:.4g} us", *lower, *quantile);
    if (quantile) lower = quantile;
  }
  return {};
}

}  // namespace labtwin::calibration
