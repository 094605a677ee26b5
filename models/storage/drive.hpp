#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/interruptions.hpp"
#include "models/base/rng.hpp"
#include "models/storage/bulk_flow.hpp"
#include "models/storage/device_queue.hpp"
#include "models/storage/drive_law.hpp"
#include "models/storage/io_scheduler.hpp"
#include "models/storage/slot_pool.hpp"

namespace labtwin::storage {

/// One read or write of a process.
struct Io {
  WorkId id = 0;
  OwnerId owner = 0;
  Direction direction = Direction::Read;
  Pattern pattern = Pattern::Random;
  Bytes size;                  ///< > 0
  std::uint64_t position = 0;  ///< first byte on the drive
  IoPriority priority = IoPriority::BestEffort;
  double uniform = 0.5;  ///< variate in (0, 1) of the scatter of its latency
};

/// How a job makes room for others on its drive, as rebuilds of pools do: while they have I/Os there, and until `settle` of its
/// own blocks after the last of those, it keeps only `depth` blocks outstanding, but still moves `min_rate`.
struct Yielding {
  unsigned depth = 1;
  unsigned settle = 0;
  std::optional<BytesPerSecond> min_rate = std::nullopt;
};

/// A job that keeps a window of `depth` blocks outstanding over a region of the drive, from its start again when it reaches the
/// end: fio, a backup, an ETL pass.
struct BulkJob {
  OwnerId owner = 0;
  Direction direction = Direction::Read;
  Pattern pattern = Pattern::Sequential;                    ///< of the law; positions are sequential in any case
  Bytes block_size;                                         ///< > 0
  unsigned depth = 1;                                       ///< >= 1
  std::optional<BytesPerSecond> rate_limit = std::nullopt;  ///< blocks are issued on this schedule, late ones at once
  std::optional<Bytes> total = std::nullopt;                ///< ends after this much; without it, when cancelled
  /// Between the end of a block and the issue of the one that takes its place: the job's own processor time and wake-up.
  Seconds think_time{};
  Interruptions interruptions{};  ///< of issuing
  std::optional<Yielding> yielding = std::nullopt;
  IoPriority priority = IoPriority::BestEffort;
  std::uint64_t region_begin = 0;
  std::uint64_t region_bytes = 1ULL << 40U;
  RandomStream variates{0};  ///< scatter of its blocks, by their number
};

/// The end of an I/O or of a bulk job. The causes sum to finished - submitted.
struct IoCompletion {
  WorkId id = 0;
  OwnerId owner = 0;
  Outcome outcome = Outcome::Completed;
  Seconds submitted;
  Seconds finished;
  Causes causes;
};

struct DriveSettings {
  SchedulerSettings scheduler;
  DeviceLimits limits;
  std::optional<Bytes> max_request;  ///< larger I/Os are split by the host
};

/// A drive with the I/O scheduler of its host. Latencies are drawn when a request enters the drive; whatever may still be
/// reordered waits in the scheduler, which fills up once the tags (or the window) of the drive are used up. Left out: merging
/// of neighbouring requests, flush commands, the CPU time of the host.
class Drive {
 public:
  Drive(std::unique_ptr<const DriveLaw> law, const DriveSettings& settings);

  void submit(Seconds now, const Io& io);
  void start_bulk(Seconds now, WorkId id, const BulkJob& job);
  [[nodiscard]] std::optional<Seconds> next_event() const;
  /// What has completed, in order of completion.
  std::vector<IoCompletion> advance(Seconds now);
  /// The work completes no more. Requests already in the drive go on occupying it.
  void cancel(Seconds now, WorkId id);
  void set_health(Seconds now, Health health);

  /// Bytes that a running bulk job has moved.
  [[nodiscard]] Bytes bulk_progress(Seconds now, WorkId id) const;
  /// Bottleneck time of all work that has entered the drive; over elapsed time, its utilisation.
  [[nodiscard]] Seconds work_entered(Seconds now) const;
  /// Nothing of a drive whose garbage collection is not simulated.
  [[nodiscard]] std::optional<FlashWrites> flash_writes(Seconds now) const;
  [[nodiscard]] const DriveLaw& law() const noexcept { return *law_; }
  /// Requests in the scheduler; their mean number while bulk jobs are alone.
  [[nodiscard]] double num_waiting() const noexcept {
    return alone_since_ ? num_waiting_alone_ : static_cast<double>(num_waiting_);
  }
  [[nodiscard]] std::size_t num_in_flight() const noexcept { return device_.num_in_flight(); }

 private:
  using Slot = std::uint32_t;

  /// A request to the drive: an I/O, or a piece of one that was split.
  struct Request {
    Slot io = 0;
    Bytes size;
    std::uint64_t position = 0;
    bool in_drive = false;
  };

  struct IoState {
    Io io;
    Seconds submitted;
    std::optional<Slot> bulk;  ///< the job whose block it is
    unsigned num_waiting = 0;  ///< requests not yet in the drive
    unsigned num_in_drive = 0;
    Seconds work_in_drive;
    Seconds last_finish;
    Causes causes;                       ///< of the request that finishes last
    std::vector<Seconds> occupied_then;  ///< Occupancy::occupied when it was submitted
    bool abandoned = false;
  };

  struct BulkState {
    WorkId id = 0;
    BulkJob job;
    Seconds started;
    std::vector<Seconds> occupied_then;
    std::uint64_t num_issued = 0;
    std::uint64_t num_completed = 0;
    std::deque<Seconds> ready{};  ///< when the free places of the window may be filled, in order of time
    Seconds last_issue{};
    Seconds interrupted_until{};
    // While bulk jobs are alone (drive_alone.cpp): how it goes on, and requests done when that began.
    BulkFlow flow{};
    Seconds request_work{};
    double requests_done = 0.0;
  };

  /// Writes of bulk jobs while they are alone, as the SLC cache sees them.
  struct SlcStream {
    BytesPerSecond rate;
    double busy_share = 0.0;  ///< of the drive's time
    std::optional<Seconds> full_at{};
  };

  /// A block that was in flight when bulk jobs stopped being alone.
  struct RestoredBlock {
    std::uint64_t index = 0;
    unsigned num_requests_done = 0;
    Seconds finish;     ///< when the request before its next one finishes
    Seconds spacing{};  ///< between requests that finish
  };

  void run_until(Seconds now);
  [[nodiscard]] std::optional<Seconds> next_internal_event() const;
  Slot open_io(Seconds now, const Io& io, std::optional<Slot> bulk);
  template <class Visit>
  void split(Slot io, Visit visit);
  Slot admit(Seconds now, const Io& io, std::optional<Slot> bulk);
  void pump(Seconds now);
  [[nodiscard]] bool has_room_for(Slot request) const;
  void start_request(Seconds now, Slot request);
  void record_causes(Seconds now, IoState& state, const DeviceQueue::Started& started) const;
  [[nodiscard]] DeviceQueue::Command command_of(Slot request) const;
  [[nodiscard]] QueuedRequest queued(Slot request) const;
  void finish_request(Seconds now, const DeviceQueue::Event& event);
  void finish_io(Seconds now, Slot io);
  void abandon(Seconds now, Slot io);
  void fail_everything(Seconds now);
  void report(WorkId id, OwnerId owner, Outcome outcome, Seconds submitted, Seconds finished, Causes causes);

  // Bulk jobs: drive_bulk.cpp.
  [[nodiscard]] std::uint64_t num_blocks(const BulkState& bulk) const;
  [[nodiscard]] unsigned requests_per_block(const BulkState& bulk) const;
  [[nodiscard]] IoClass request_class(const BulkState& bulk) const;
  [[nodiscard]] Io block_of(const BulkState& bulk, std::uint64_t index) const;
  [[nodiscard]] Seconds due(const BulkState& bulk, std::uint64_t index) const;
  [[nodiscard]] bool is_yielding(const BulkState& bulk) const;
  [[nodiscard]] std::optional<Seconds> next_issue(const BulkState& bulk) const;
  [[nodiscard]] std::optional<Seconds> next_bulk_event() const;
  void handle_bulk_event(Seconds now);
  void issue_due_blocks(Seconds now);
  void issue_blocks(Seconds now, Slot bulk);
  void block_completed(Seconds now, Slot bulk);
  void finish_bulk(Seconds now, Slot bulk);

  // Bulk jobs while nobody else uses the drive: drive_alone.cpp and drive_slc.cpp.
  void go_alone(Seconds now);
  void leave_alone(Seconds now);
  [[nodiscard]] double blocks_late(const BulkState& bulk, Seconds now) const;
  [[nodiscard]] std::optional<std::vector<BulkDemand>> demands_alone(Seconds now) const;
  [[nodiscard]] bool makes_room() const;
  [[nodiscard]] bool settled(const BulkState& bulk, const BulkFlow& flow, Seconds now) const;
  [[nodiscard]] bool outruns_cache(const BulkState& bulk, const BulkFlow& flow) const;
  [[nodiscard]] double requests_done(Slot bulk, Seconds now) const;
  [[nodiscard]] double requests_done_alone(const BulkState& bulk, Seconds now) const;
  [[nodiscard]] std::uint64_t blocks_due(const BulkState& bulk, Seconds now) const;
  [[nodiscard]] std::optional<Seconds> alone_until(const BulkState& bulk) const;
  void forget_blocks(Seconds now);
  void credit_time_alone(Seconds now);
  void settle_medium(Seconds now);
  [[nodiscard]] bool settle_slc_cache(Seconds now);
  [[nodiscard]] bool settle_past_cache(SlcStream& stream, bool has_room);
  void restore_full_window(Seconds now, Slot bulk);
  void restore_schedule(Seconds now, Slot bulk);
  void restore_block(Seconds now, Slot bulk, const RestoredBlock& block);

  std::unique_ptr<const DriveLaw> law_;
  DriveSettings settings_;
  std::unique_ptr<IoScheduler> scheduler_;
  DeviceQueue device_;
  Health health_ = Health::Healthy;
  Seconds now_;
  Seconds hung_since_;
  SlotPool<Request> requests_;
  SlotPool<IoState> ios_;
  SlotPool<BulkState> bulks_;
  std::unordered_map<WorkId, Slot> io_by_id_;
  std::unordered_map<WorkId, Slot> bulk_by_id_;
  std::optional<Slot> staged_;  ///< taken from the scheduler, waits for room in the drive
  std::vector<IoCompletion> completed_;
  std::size_t num_waiting_ = 0;
  std::size_t num_foreign_ = 0;  ///< I/Os that are not blocks of a running bulk job
  std::uint64_t num_blocks_alone_ = 0;
  std::optional<Seconds> alone_since_;
  double num_waiting_alone_ = 0.0;
  std::optional<Seconds> cache_full_alone_;  ///< flush debt of a job that outruns the write cache while alone
  std::optional<SlcStream> slc_alone_;
  MediumState::Stream medium_alone_;
  std::optional<Seconds> medium_changes_alone_;  ///< when the work of requests is another
  Seconds work_alone_;
};

// Visits a new request for each piece that the I/O is split into.
template <class Visit>
void Drive::split(Slot io, Visit visit) {
  const Io& whole = ios_[io].io;
  const Bytes piece = std::min(whole.size, settings_.max_request.value_or(whole.size));
  for (Bytes done; done < whole.size; done += piece) {
    const Slot handle = requests_.take();
    requests_[handle] = {.io = io,
                         .size = std::min(piece, whole.size - done),
                         .position = whole.position + static_cast<std::uint64_t>(done.value())};
    visit(handle);
  }
}

}  // namespace labtwin::storage
