#pragma once

#include <functional>

#include "models/workload/job_schedule.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

/// Runs `pass` when the schedule says so, until there are no more; one that takes longer than the schedule allows for is
/// followed by the next that is still to come. A process to be spawned.
Task<> repeat(Engine& engine, workload::JobSchedule schedule, std::function<Task<>()> pass);

}  // namespace labtwin
