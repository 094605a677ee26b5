#pragma once

#include <cmath>

#include "models/base/units.hpp"

namespace labtwin {

/// A process loses its processor now and then: to the kernel, to other work on the node, to the hypervisor.
/// Law:    interruptions begin at a rate; when a process has waited for `elapsed`, one is under way with chance
///         1 - exp(-rate elapsed) and lasts between nothing and twice the mean, evenly.
/// Inputs: rate >= 0, mean duration >= 0, elapsed >= 0, two uniforms in (0, 1).
/// Valid:  rate x mean duration well below 1.
/// Source: tails of queries and of paced fio jobs on shared nodes (set vm-zen5-2vcpu/vector_disk_noisy).
/// Error:  see that set.
struct Interruptions {
  PerSecond rate{};
  Seconds mean_duration{};

  /// How much later the process goes on; mostly 0.
  [[nodiscard]] Seconds delay(Seconds elapsed, double chance, double length) const noexcept {
    if (chance >= 1.0 - std::exp(-(rate * elapsed))) return {};
    return mean_duration * (2.0 * length);
  }
  /// Share of time that a process which always wants to run is not interrupted.
  [[nodiscard]] double availability() const noexcept { return 1.0 / (1.0 + rate * mean_duration); }
};

}  // namespace labtwin
