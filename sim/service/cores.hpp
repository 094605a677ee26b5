#pragma once

#include <cstddef>

#include "models/base/units.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"
#include "sim/process/processor_sharing.hpp"

namespace labtwin::service {

/// The processor cores of a node under a fair scheduler: everybody who computes gets the same share, at most one core.
class Cores {
 public:
  Cores(Engine& engine, ResourceId resource, std::size_t num_cores)
      : resource_(resource), num_cores_(num_cores), servers_(engine, num_cores) {}

  /// `co_await cores.compute(duration, owner)`: work that takes this long on a core of its own.
  [[nodiscard]] Serve compute(Seconds duration, OwnerId owner) noexcept { return servers_.serve(duration, owner); }

  [[nodiscard]] ResourceId resource() const noexcept { return resource_; }
  [[nodiscard]] std::size_t num_cores() const noexcept { return num_cores_; }
  [[nodiscard]] SharingStatistics statistics() const { return servers_.statistics(); }

 private:
  ResourceId resource_;
  std::size_t num_cores_;
  ProcessorSharing servers_;
};

}  // namespace labtwin::service
