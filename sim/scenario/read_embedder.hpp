#pragma once

#include "sim/scenario/service_place.hpp"

namespace labtwin {

/// Reads the table of a service of the type `embedder`.
[[nodiscard]] ServiceKind read_embedder(TableReader& table, const ServicePlace& place);

}  // namespace labtwin
