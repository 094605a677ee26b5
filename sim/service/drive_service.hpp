#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/storage/drive.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/service/bus.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// A drive in simulated time: hands I/Os to the state machine, wakes it at its next event and tells listeners of ends.
class DriveService final : public Volume {
 public:
  /// `flush`: the time until its volatile cache is empty; 0 where that is not known, and then nobody syncs there.
  DriveService(Engine& engine, ResourceId resource, std::unique_ptr<storage::Drive> drive, Seconds flush = {});

  /// What the drive reads and writes goes on over these lanes of the bus, where its single I/Os get their share: they end later
  /// by what others take of it.
  void cross(Bus& bus, std::vector<topology::LaneUse> reads, std::vector<topology::LaneUse> writes);

  void submit(storage::Io& io, IoListener& listener, std::size_t tag) override;
  void unplug() override { arm(); }
  void cancel(WorkId id) override;

  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) override;
  void stop_bulk(WorkId id) override;
  [[nodiscard]] Bytes bulk_progress(WorkId id) override;

  [[nodiscard]] ResourceId resource() const noexcept override { return resource_; }
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept override;
  [[nodiscard]] BytesPerSecond rate_alone(const StreamWindow& window) const override;
  [[nodiscard]] Seconds sync_time(storage::SyncCall call) const override;

  [[nodiscard]] const storage::DriveLaw& law() const noexcept { return drive_->law(); }
  /// Bottleneck time of all work that has entered the drive so far.
  [[nodiscard]] Seconds work_entered() const;
  [[nodiscard]] std::optional<storage::FlashWrites> flash_writes() const;
  /// Integral of the number of requests that wait in the scheduler.
  [[nodiscard]] Seconds waiting_time();

 private:
  struct BulkEntry {
    WorkId id = 0;
    OwnerId owner = 0;
    Bytes window;
    std::function<void()> on_end{};
  };

  /// An I/O on its way.
  struct Pending {
    IoListener* listener = nullptr;
    std::size_t tag = 0;
    Bytes size;
    storage::Direction direction = storage::Direction::Read;
  };

  [[nodiscard]] std::vector<BulkEntry>::iterator find_bulk(WorkId id);
  void wake();
  void arm();
  void note_waiting();
  /// Tells whoever waits, now or when the bytes have crossed the bus.
  void end(storage::IoCompletion&& completion);
  void tell(storage::IoCompletion&& completion);
  void tell_late();

  ResourceId resource_;
  std::unique_ptr<storage::Drive> drive_;
  Seconds flush_;
  Alarm alarm_;
  std::unique_ptr<Bus::Crossing> reads_;
  std::unique_ptr<Bus::Crossing> writes_;
  std::multimap<Seconds, storage::IoCompletion> late_;  ///< on the bus still, by when they are through
  Alarm late_alarm_;
  WorkId next_id_ = 1;
  std::unordered_map<WorkId, Pending> pending_;  ///< looked up only, never walked
  std::vector<BulkEntry> bulk_jobs_;             ///< those that run
  Seconds waiting_time_;
  Seconds noted_at_;
};

}  // namespace labtwin::service
