#pragma once

#include <optional>

#include "models/base/table_reader.hpp"
#include "models/storage/flash_log.hpp"

namespace labtwin::storage {

/// From [parameters.sustained_write]; nothing if the entry does not tell.
[[nodiscard]] std::optional<FlashParameters> read_flash_parameters(TableReader& parameters);

}  // namespace labtwin::storage
