#pragma once

#include "sim/scenario/service_place.hpp"

namespace labtwin {

/// Reads the table of a service of type `stream_detector`.
[[nodiscard]] ServiceKind read_stream_detector(TableReader& table, const ServicePlace& place);

}  // namespace labtwin
