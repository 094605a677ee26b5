#pragma once

// What locked clocks of a card (`nvidia-smi -lgc`, `-lmc`) do to its speed.

#include <optional>

#include "models/base/units.hpp"
#include "models/serving/operator_law.hpp"
#include "models/serving/throughput_law.hpp"

namespace labtwin::serving {

/// Clocks that a card is held at; nothing: free.
struct LockedClocks {
  std::optional<PerSecond> graphics{};
  std::optional<PerSecond> memory{};
};

/// The shares that a card keeps of the rates that its laws know.
struct ClockShares {
  double arithmetic = 1.0;
  double memory = 1.0;
};
/// Law:    arithmetic = min(1, graphics / boost); memory = min(1, memory clock / that of the datasheet,
///         2.5 x graphics / boost), for caches and copy units, which run at the graphics clock, can ask for 2.5 x what memory
///         delivers at boost
/// Inputs: clocks and the datasheet's; what is not locked runs free
/// Valid:  a card that the laws know at free clocks, which are at boost or above: what they gain above it is in its rates
/// Source: rates of units and of memory are proportional to their clocks; 2.5 is assumed: L2 caches of GeForce cards since
///         Ampere are measured at 2.2 to 5 x their memory
/// Error:  one run of an RTX 5090 at 19 pairs of clocks: 25 % at p90 beside a factor that all of them share, see `labtwin
///         validate` of llm-power/locked_clocks
[[nodiscard]] ClockShares clock_shares(const LockedClocks& clocks, const AcceleratorSpec& card);

/// The laws of a card that keeps such shares. Launches, the host and links between cards are as fast as before.
[[nodiscard]] OperatorCoefficients at_clocks(OperatorCoefficients free, const ClockShares& shares);
[[nodiscard]] ThroughputTerms at_clocks(ThroughputTerms free, const ClockShares& shares);
/// Of prompts, whose context is attention: arithmetic.
[[nodiscard]] ThroughputTerms prompt_at_clocks(ThroughputTerms free, const ClockShares& shares);

}  // namespace labtwin::serving
