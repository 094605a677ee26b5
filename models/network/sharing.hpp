#pragma once

// How flows share a drop-tail bottleneck: weights for a max-min share.

#include <vector>

#include "models/base/units.hpp"
#include "models/network/congestion_control.hpp"

namespace labtwin::network {

struct FlowSettings {
  Seconds round_trip;
  CongestionControl control = CongestionControl::Cubic;
};

/// Law:    CUBIC and Reno (R + 0.1 q)^-0.6; BBR min(R, 20 ms)^0.6, alike where round trips are; CUBIC and Reno beside BBR get
///         1/11.5 of its weight.
/// Inputs: empty round trips R, q = queue / rate.
/// Valid:  backlogged flows, drop-tail. CUBIC is chaotic for tens of seconds: single runs differ from it by x0.3 to x3.
/// Source: fit rows of calibration/data/linux-tcp/tcp_share; theory for loss-based flows Lakshman and Madhow 1997.
/// Error:  6 % median for BBR of equal round trips; 40 % for CUBIC.
/// Shares of the wire, summing to 1.
[[nodiscard]] std::vector<double> flow_shares(const std::vector<FlowSettings>& flows, Seconds queue_delay);

}  // namespace labtwin::network
