#pragma once

#include "models/base/table_reader.hpp"
#include "sim/scenario/service_place.hpp"

namespace labtwin {

/// A service of type `bulk_copy`.
[[nodiscard]] ServiceKind read_bulk_copy(TableReader& table, const ServicePlace& place);

}  // namespace labtwin
