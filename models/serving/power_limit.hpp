#pragma once

// What a limit on the power of a card (`nvidia-smi -pl`) does to its speed.

#include "models/base/units.hpp"

namespace labtwin::serving {

/// Law:    log of the share of its full rate that a card keeps = -log(1 + (knee / limit)^(8 slope)) / 8: min(1, (limit / knee)^
///         slope), the corner rounded
/// Inputs: limit over knee, both in W; slope
/// Valid:  limits that the driver takes, clocks free
/// Source: a card below its knee lowers clocks and voltage, so that the rate falls with a power of the limit; above it memory
///         binds
/// Error:  see `labtwin validate` of kind power_cap
[[nodiscard]] double log_limited_share(double limit_over_knee, double slope);

/// The share of its full rate that a card of this board power keeps, and the standard deviation of its logarithm from one card
/// and work to another.
struct LimitedSpeed {
  double share = 1.0;
  double sigma = 0.0;
};
/// Law:    as above, with a knee at 0.75 (13 %) of the board's power and a slope of 1.3 (0.45)
/// Inputs: limit and board power
/// Valid:  decoding and prompts alike
/// Source: fits of nine curves of an RTX 3090, 4090 and 5090, kind power_cap: knees at 0.58 to 0.84 of the board's power,
///         slopes of 0.9 to 2.1
/// Error:  the curves lie within 90 % of what the two deviations allow
[[nodiscard]] LimitedSpeed limited_speed(Watts limit, Watts board_power);

}  // namespace labtwin::serving
