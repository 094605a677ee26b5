#pragma once

#include "sim/scenario/service_place.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// Reads the table of an `llm_server`, with the settings of its engine, and checks that its model loads.
[[nodiscard]] ServiceKind read_llm_server(TableReader& table, const ServicePlace& place);

}  // namespace labtwin
