#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "models/workload/arrival.hpp"
#include "sim/engine/engine.hpp"

namespace labtwin {

/// Calls `begin` with the number of each arrival (from 0) at its time, until there are no more: a process to be spawned.
Task<> at_arrivals(Engine& engine, std::unique_ptr<const workload::ArrivalProcess> arrivals,
                   std::function<void(std::uint64_t)> begin);

}  // namespace labtwin
