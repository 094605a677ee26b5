#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/storage/drive.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin::service {

class DriveService;

/// How a burst of I/Os went: the worst outcome, and the causes of the I/O that finished last (the first of several at one
/// date) and of those whose ends made room for it in the window, one after the other; they sum to the time the burst took.
struct BurstResult {
  Outcome outcome = Outcome::Completed;
  Causes causes;
};

/// The wait for I/Os of which at most a window is outstanding; made by DriveService::perform. Destroying it cancels what has
/// not completed.
class Burst final : public Resumption {
 public:
  Burst(DriveService& drive, std::vector<storage::Io> ios, std::size_t window);
  ~Burst() override;

  [[nodiscard]] bool await_ready() const noexcept { return ios_.empty(); }
  void await_suspend(std::coroutine_handle<> process);
  BurstResult await_resume() noexcept { return std::move(result_); }

 private:
  friend class DriveService;
  void note(std::size_t index, storage::IoCompletion&& completion);

  DriveService* drive_;
  std::vector<storage::Io> ios_;
  std::vector<Causes> before_;  ///< by I/O: causes of the time from the start of the burst to its submission; empty for 0
  std::size_t window_;
  std::size_t num_submitted_ = 0;
  std::size_t num_completed_ = 0;
  Seconds last_finish_;
  BurstResult result_;
};

/// A drive in simulated time: hands I/Os to the state machine, wakes it at its next event and whoever waits at completion.
class DriveService {
 public:
  DriveService(Engine& engine, ResourceId resource, std::unique_ptr<storage::Drive> drive);
  DriveService(const DriveService&) = delete;
  DriveService& operator=(const DriveService&) = delete;

  /// `co_await drive.perform(std::move(ios))`: issues them and waits for all; at most `window` (> 0) are outstanding, in the
  /// order given. Ids are given here.
  [[nodiscard]] Burst perform(std::vector<storage::Io> ios, std::size_t window = std::numeric_limits<std::size_t>::max()) {
    return {*this, std::move(ios), window};
  }

  /// Starts a bulk job; `on_end` is called when it has moved its total.
  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end);
  void stop_bulk(WorkId id);
  [[nodiscard]] Bytes bulk_progress(WorkId id);

  [[nodiscard]] ResourceId resource() const noexcept { return resource_; }
  /// Whose running bulk job keeps most bytes in flight; nothing if none runs.
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept;
  /// Bottleneck time of all work that has entered the drive so far.
  [[nodiscard]] Seconds work_entered() const;
  /// Integral of the number of requests that wait in the scheduler.
  [[nodiscard]] Seconds waiting_time();

 private:
  friend class Burst;

  struct BulkEntry {
    WorkId id = 0;
    OwnerId owner = 0;
    Bytes window;
    std::function<void()> on_end{};
  };

  /// An I/O of a burst.
  struct Pending {
    Burst* burst = nullptr;
    std::size_t index = 0;
  };

  [[nodiscard]] std::vector<BulkEntry>::iterator find_bulk(WorkId id);
  void start(Burst& burst);
  void submit_next(Burst& burst, Causes before);
  void forget(Burst& burst);
  void wake();
  void arm();
  void note_waiting();

  Engine* engine_;
  ResourceId resource_;
  std::unique_ptr<storage::Drive> drive_;
  Alarm alarm_;
  WorkId next_id_ = 1;
  std::unordered_map<WorkId, Pending> pending_;  ///< looked up only, never walked
  std::vector<BulkEntry> bulk_jobs_;             ///< those that run
  Seconds waiting_time_;
  Seconds noted_at_;
};

}  // namespace labtwin::service
