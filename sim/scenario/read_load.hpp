#pragma once

#include <optional>

#include "sim/scenario/service_place.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// `load = { from = .. }` of an llm_server; nothing if it has none.
[[nodiscard]] std::optional<LoadSpec> read_load(TableReader& server, const ServicePlace& place);

}  // namespace labtwin
