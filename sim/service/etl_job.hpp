#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "models/base/rng.hpp"
#include "models/storage/drive.hpp"
#include "models/storage/drive_law.hpp"
#include "models/workload/job_schedule.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/cores.hpp"
#include "sim/service/memory_cache.hpp"
#include "sim/service/paced_bulk.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// A window of blocks that is kept outstanding on a drive.
struct IoWindow {
  Bytes block_size;
  unsigned depth = 1;
  std::uint64_t region_begin = 0;
  storage::Pattern pattern = storage::Pattern::Sequential;
  Bytes room{};    ///< of dirty pages: how far writing runs ahead of the drive; of jobs that only write a volume
  Seconds sync{};  ///< that follows every block before the next takes its place
};

struct EtlJobOptions {
  OwnerId owner = 0;
  workload::JobSchedule schedule;
  std::optional<IoWindow> read{};  ///< a job may only read, or only write
  std::optional<IoWindow> write{};
  double write_ratio = 1.0;  ///< bytes written per byte read
  /// Bytes that one core transforms in a second; without it the job computes nothing.
  std::optional<BytesPerSecond> transform_rate{};
  std::size_t num_workers = 1;                 ///< cores it may use at once
  std::optional<BytesPerSecond> rate_limit{};  ///< of reading; of writing if it only writes
  storage::IoPriority priority = storage::IoPriority::BestEffort;
};

/// The rate at which a job reads when nobody else is there: its limit, what its cores transform, or what the drive gives.
/// Law:    r = min(limit, workers x transform_rate, D); a drive that is read and written gives
///         1 / (1 / D_read + write_ratio / D_write), where D is the closed-loop rate of a window
/// Inputs: rates in B/s
/// Valid:  a pipeline whose stages overlap, with room for a window between them
/// Source: bottleneck law of a pipeline
/// Error:  exact where one stage limits; the simulated drive shares more finely
struct PlannedRate {
  std::optional<BytesPerSecond> read_alone;  ///< closed-loop rate of the read window on its drive
  std::optional<BytesPerSecond> write_alone;
  bool same_drive = true;
};
[[nodiscard]] BytesPerSecond planned_rate(const EtlJobOptions& options, const PlannedRate& drives);

/// A deterministic data-prep job: it reads through a window of blocks, transforms on cores and writes through another window,
/// all at once, as a pipeline does. The writer is paced at the planned rate. Left out: the data itself.
class EtlJob {
 public:
  struct Places {
    Volume* read_drive = nullptr;
    Volume* write_drive = nullptr;
    Cores* cores = nullptr;
    std::optional<CachedFile> memory{};  ///< that the job reads through
    BusWay from_drive{};                 ///< to memory
    BusWay to_drive{};
    BytesPerSecond read_alone{};  ///< that the drives give, nobody else there
    BytesPerSecond write_alone{};
  };

  EtlJob(Engine& engine, const RandomSource& random, const EtlJobOptions& options, const Places& places,
         BytesPerSecond planned);
  EtlJob(const EtlJob&) = delete;
  EtlJob& operator=(const EtlJob&) = delete;

  /// The life of the job: a process to be spawned once.
  Task<> run();

  /// Up to now.
  [[nodiscard]] Bytes bytes_read();
  [[nodiscard]] Bytes bytes_written();
  [[nodiscard]] Seconds active_time() const;
  /// Passes over the whole volume that have ended, and the time they took together.
  [[nodiscard]] std::uint64_t num_passes() const noexcept { return num_passes_; }
  [[nodiscard]] Seconds time_of_passes() const noexcept { return time_of_passes_; }

 private:
  Task<> run_once();
  Task<> read_from_memory();
  Task<> transform();
  [[nodiscard]] storage::BulkJob bulk_of(const IoWindow& window, storage::Direction direction) const;
  void begin(Trigger<>& has_ended);
  void begin_writing_only(Trigger<>& has_ended);
  void end();

  Engine* engine_;
  EtlJobOptions options_;
  Places places_;
  BytesPerSecond planned_;
  RandomStream latencies_;
  PacedBulk reader_;
  PacedBulk writer_;
  bool is_active_ = false;
  Seconds active_since_;
  Seconds active_time_;
  Bytes read_before_;
  Bytes written_before_;
  std::uint64_t num_passes_ = 0;
  Seconds time_of_passes_;
  Bytes from_memory_;  ///< of this pass
};

}  // namespace labtwin::service
