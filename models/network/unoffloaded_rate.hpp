#pragma once

// What a core can send packet by packet.

#include "models/base/units.hpp"

namespace labtwin::network {

/// What one core sends through any card whose offloads are off.
/// Law:    (MTU + 38) / 2.03 us: every packet costs its sender as much, whatever it holds.
/// Inputs: MTU
/// Valid:  one stream, packets built one by one; with segmentation and receive offloads packets of 64 KB are, and cards of the
///         catalog show what that reaches
/// Source: iperf3 -u -b 0 -l 1472, 5.8 of 10 Gbit/s with 99.7 % of a core, superuser.com/questions/1757563
/// Error:  not measured
[[nodiscard]] BytesPerSecond unoffloaded_rate(Bytes mtu) noexcept;

}  // namespace labtwin::network
