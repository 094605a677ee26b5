#pragma once

#include <optional>

#include "models/base/units.hpp"

namespace labtwin::workload {

/// When a job runs: from `start`, for `duration` or until it has moved `volume`, and again `every` so long.
struct JobSchedule {
  Seconds start;
  std::optional<Seconds> duration{};
  std::optional<Bytes> volume{};
  std::optional<Seconds> every{};
};

}  // namespace labtwin::workload
