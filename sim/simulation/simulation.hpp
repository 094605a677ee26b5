#pragma once

// One run: the scenario becomes a topology of resources, services and processes on one engine, runs to its horizon and leaves
// a summary. One per operating-system process, because the engine is.

#include <atomic>
#include <cstdint>

#include "models/catalog/catalog.hpp"
#include "sim/run/results.hpp"
#include "sim/scenario/scenario.hpp"

namespace labtwin {

struct SimulationOptions {
  std::uint32_t replication = 0;
  bool keep_requests = false;
  const std::atomic<bool>* interrupt = nullptr;  ///< owned by the caller; when it becomes true the run stops early
};

/// Runs a scenario once. Equal arguments give equal summaries.
[[nodiscard]] RunSummary simulate(const Scenario& scenario, const catalog::Catalog& catalog, const SimulationOptions& options);

}  // namespace labtwin
