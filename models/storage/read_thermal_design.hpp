#pragma once

#include <optional>

#include "models/base/table_reader.hpp"
#include "models/storage/thermal_state.hpp"

namespace labtwin::storage {

/// From [parameters.thermal]; nothing if the entry does not tell.
[[nodiscard]] std::optional<ThermalDesign> read_thermal_design(TableReader& parameters);

}  // namespace labtwin::storage
