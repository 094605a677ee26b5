#pragma once

#include <functional>
#include <map>
#include <optional>

#include "sim/service/volume.hpp"

namespace labtwin::service {

/// The separate log device of a ZFS pool (SLOG), as those see it who sync every write: a write has ended once it is on the log,
/// and lies on the members of the pool with the next transaction group, which nobody waits for. Left out: bursts that the dirty
/// data limit holds, for the pool keeps pace with the log on average.
class LogVolume final : public Volume, private IoListener {
 public:
  LogVolume(Engine& engine, Volume& log, Volume& pool) : Volume(engine), log_(&log), pool_(&pool) {}

  void submit(storage::Io& io, IoListener& listener, std::size_t tag) override;
  void unplug() override;
  void cancel(WorkId id) override { log_->cancel(id); }

  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) override;
  void stop_bulk(WorkId id) override;
  [[nodiscard]] Bytes bulk_progress(WorkId id) override { return log_->bulk_progress(id); }

  [[nodiscard]] ResourceId resource() const noexcept override { return log_->resource(); }
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept override { return log_->main_owner(); }
  /// Law:    min(window / (write on the log + its flush), rate of the same window on the pool without a flush)
  /// Inputs: a window of writes; its think time is the flush
  /// Valid:  a log that is not full; a pool that writes nothing else
  /// Source: zfsconcepts(7), zil.c of OpenZFS: zil_commit waits for the write and the flush of the log alone
  /// Error:  exact for the simulated devices (tests/unit/service/log_volume_test.cpp)
  [[nodiscard]] BytesPerSecond rate_alone(const StreamWindow& window) const override;
  /// The log takes the data and what the file system knows of it in one write, whatever the call.
  [[nodiscard]] Seconds sync_time(storage::SyncCall call) const override;

 private:
  void io_ended(std::size_t, storage::IoCompletion&&) override {}

  Volume* log_;
  Volume* pool_;
  std::uint64_t end_of_log_ = 0;
  std::map<WorkId, WorkId> on_pool_;  ///< by the id of a bulk job on the log, its other half
};

}  // namespace labtwin::service
