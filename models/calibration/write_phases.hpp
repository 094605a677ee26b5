#pragma once

// What people ask of a long run of writes: how fast it is at first, how fast in the end, and how much goes fast.

#include <optional>
#include <span>

#include "models/base/units.hpp"

namespace labtwin::calibration {

/// The two phases of a run and the cliff between them.
struct WritePhases {
  BytesPerSecond fast;          ///< mean rate up to the cliff; of the whole run where there is none
  BytesPerSecond after;         ///< mean rate over the last third of what was written
  std::optional<double> cliff;  ///< amount written where the rate falls half-way on a scale of logarithms; nothing without one
};

/// Law:    the cliff lies where the rate first crosses the geometric mean of the first window's rate and the last third's,
///         between the middles of two windows; a run that keeps 70 % of its first rate has none.
/// Inputs: amounts written by the ends of the windows, rising, in any unit; mean rates over the windows, as many, at least one.
/// Valid:  predicted and measured runs over the same windows: windows smear the cliff, of both alike.
[[nodiscard]] WritePhases write_phases(std::span<const double> written, std::span<const BytesPerSecond> rates);

}  // namespace labtwin::calibration
