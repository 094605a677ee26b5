#pragma once

// How delays scatter around their mean.

#include <cstdint>

#include "models/network/variates.hpp"

namespace labtwin::network {

/// The shapes that tc has; iproute2 keeps the last three as tables.
enum class DelayShape : std::uint8_t { Uniform, Normal, Pareto, ParetoNormal };

/// How far a delay is from its mean, in jitters.
/// Law:    Uniform: 2 u - 1. Normal: of deviation 1. Pareto: (u^(-1/3) - 3/2) 4/3, at most 4. ParetoNormal: 3/4 of that and
///         1/4 of the normal quantile at the same u, within -4 and 4.
/// Valid:  netem's delays. Their correlation has no effect: the kernel takes its correlated variate modulo the size of the
///         table, or twice the jitter in nanoseconds, and what is left of it is as good as independent.
/// Source: net/sched/sch_netem.c, tabledist; iproute2, netem/pareto.c and paretonormal.c.
/// Error:  0.0006 in the mean over iproute2's own tables.
[[nodiscard]] double deviation(DelayShape shape, Variates& variates);

/// Its standard deviation.
[[nodiscard]] double deviation_of(DelayShape shape) noexcept;

}  // namespace labtwin::network
