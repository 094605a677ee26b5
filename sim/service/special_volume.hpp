#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "sim/service/pool_service.hpp"

namespace labtwin::service {

/// A ZFS pool with a special vdev: small blocks lie on other members than the rest. A block is as large as a record, or as the
/// file if that is smaller, which a stream of such blocks is taken for. Left out: metadata, which memory holds.
class SpecialVolume final : public Volume {
 public:
  /// `special` gives ids from `kFirstId` on, so that an id tells where it belongs.
  SpecialVolume(Engine& engine, PoolService& pool, PoolService& special, Bytes small_blocks)
      : Volume(engine), pool_(&pool), special_(&special), small_blocks_(small_blocks) {}
  static constexpr WorkId kFirstId = WorkId{1} << 62U;

  void submit(storage::Io& io, IoListener& listener, std::size_t tag) override {
    volume_of(io.pattern, io.size).submit(io, listener, tag);
  }
  void unplug() override {
    pool_->unplug();
    special_->unplug();
  }
  void cancel(WorkId id) override { volume_of(id).cancel(id); }

  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) override {
    return volume_of(job.pattern, job.block_size).start_bulk(job, std::move(on_end));
  }
  void stop_bulk(WorkId id) override { volume_of(id).stop_bulk(id); }
  [[nodiscard]] Bytes bulk_progress(WorkId id) override { return volume_of(id).bulk_progress(id); }

  [[nodiscard]] ResourceId resource() const noexcept override { return pool_->resource(); }
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept override {
    const PoolService& first = is_small(pool_->layout().unit) ? *special_ : *pool_;
    return first.main_owner();
  }
  [[nodiscard]] BytesPerSecond rate_alone(const StreamWindow& window) const override {
    return volume_of(window.pattern, window.block_size).rate_alone(window);
  }
  [[nodiscard]] Seconds sync_time(storage::SyncCall call) const override {
    return std::max(pool_->sync_time(call), special_->sync_time(call));
  }
  [[nodiscard]] Volume& for_sync_writes() noexcept override { return pool_->for_sync_writes(); }

 private:
  [[nodiscard]] bool is_small(Bytes block) const noexcept { return block <= small_blocks_; }
  [[nodiscard]] PoolService& volume_of(storage::Pattern pattern, Bytes size) const noexcept {
    const bool is_small_file = pattern == storage::Pattern::Sequential && is_small(size);
    return is_small_file || is_small(pool_->layout().unit) ? *special_ : *pool_;
  }
  [[nodiscard]] PoolService& volume_of(WorkId id) const noexcept { return id < kFirstId ? *pool_ : *special_; }

  PoolService* pool_;
  PoolService* special_;
  Bytes small_blocks_;
};

}  // namespace labtwin::service
