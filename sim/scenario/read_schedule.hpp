#pragma once

#include <string_view>

#include "models/base/table_reader.hpp"
#include "models/workload/job_schedule.hpp"

namespace labtwin {

/// `start`, `duration` or `volume`, and `every` of a job; `what` names it in messages.
[[nodiscard]] workload::JobSchedule read_schedule(TableReader& table, std::string_view what);

}  // namespace labtwin
