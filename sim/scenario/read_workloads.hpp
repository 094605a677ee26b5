#pragma once

#include <filesystem>
#include <vector>

#include "models/base/table_reader.hpp"
#include "sim/scenario/lab.hpp"
#include "sim/scenario/service_spec.hpp"
#include "sim/scenario/workload_spec.hpp"

namespace labtwin {

/// Reads `[workloads.NAME]`; mistakes go to the reader's sink. Profiles and traces are searched in `folders`, in order.
[[nodiscard]] std::vector<WorkloadSpec> read_workloads(TableReader& root, const Lab& lab,
                                                       const std::vector<ServiceSpec>& services,
                                                       const std::vector<std::filesystem::path>& folders);

}  // namespace labtwin
