#pragma once

#include <cstdint>
#include <memory>

#include "models/workload/job_schedule.hpp"
#include "sim/service/bus.hpp"

namespace labtwin::service {

struct BulkCopyOptions {
  OwnerId owner = 0;
  workload::JobSchedule schedule;
};

/// Copies bytes over the bus for a time, or until so many have crossed, as fast as it may.
class BulkCopy {
 public:
  BulkCopy(Engine& engine, Bus& bus, topology::StreamDemand demand, const BulkCopyOptions& options)
      : engine_(&engine), bus_(&bus), demand_(std::move(demand)), options_(options) {}

  /// The life of the job: a process to be spawned once.
  Task<> run();

  [[nodiscard]] Bytes bytes_moved() const;
  [[nodiscard]] Seconds active_time() const;
  /// Volumes that have crossed, and the time they took together.
  [[nodiscard]] std::uint64_t num_passes() const noexcept { return num_passes_; }
  [[nodiscard]] Seconds time_of_passes() const noexcept { return time_of_passes_; }

 private:
  Task<> run_once();

  Engine* engine_;
  Bus* bus_;
  topology::StreamDemand demand_;
  BulkCopyOptions options_;
  std::unique_ptr<Bus::Copy> current_;
  Bytes moved_before_;
  Seconds active_since_;
  Seconds active_time_;
  std::uint64_t num_passes_ = 0;
  Seconds time_of_passes_;
};

}  // namespace labtwin::service
