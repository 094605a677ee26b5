#pragma once

#include <vector>

#include "sim/run/results.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// How far predictions may be from measurements that were not fitted on, for the drives of a scenario that were measured: the
/// bounds in the manifest of the set that a drive was fitted to. Tests hold the bounds.
[[nodiscard]] std::vector<KnownErrorRow> known_errors_of(const Scenario& scenario);

}  // namespace labtwin
