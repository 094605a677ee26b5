#pragma once

#include <filesystem>
#include <vector>

#include "models/base/table_reader.hpp"
#include "models/catalog/catalog.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"

namespace labtwin {

/// Reads `[services.NAME]`; mistakes go to the reader's sink.
[[nodiscard]] std::vector<ServiceSpec> read_services(TableReader& root, const Lab& lab, const catalog::Catalog& catalog,
                                                     const std::vector<std::filesystem::path>& folders);

}  // namespace labtwin
