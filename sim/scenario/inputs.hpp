#pragma once

#include <vector>

#include "sim/run/results.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

/// What a prediction rests on. Settings that the user chose (limits, sizes, counts) are none of it.
struct Inputs {
  /// Every number, with its grade and source: of the parts in use, the profiles of the workloads, the services' own costs.
  std::vector<ParameterRow> parameters;
  /// Of parts that were measured: how far predictions may be from measurements that were not fitted on, as the manifest of the
  /// part's set bounds it. Tests hold the bounds.
  std::vector<KnownErrorRow> known_errors;
};
[[nodiscard]] Inputs inputs_of(const Scenario& scenario);

}  // namespace labtwin
