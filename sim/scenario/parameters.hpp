#pragma once

#include <vector>

#include "sim/run/results.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// Every number that a prediction of this scenario rests on, with its grade and source: those of the parts in use, of the
/// profiles of the workloads and of the services' own costs. Settings that the user chose (limits, sizes, counts) are none.
[[nodiscard]] std::vector<ParameterRow> parameters_of(const Scenario& scenario);

}  // namespace labtwin
