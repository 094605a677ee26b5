#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/storage/pool_plan.hpp"
#include "models/storage/slot_pool.hpp"
#include "sim/service/block_stream.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// Several volumes as one: every I/O becomes those of its members, as the layout has them. A bulk job becomes a stream on every
/// member that it keeps busy, so that a member skips ahead where nobody else is there, or else goes block by block. Left out:
/// the processor time of parity and checksums.
class PoolService final : public Volume, private IoListener {
 public:
  /// A place of the layout and what is in it; nullptr while a member is missing.
  struct Member {
    Volume* volume = nullptr;
    bool is_readable = true;  ///< false until it is rebuilt
  };
  /// Ids of its work count up from `first_id`.
  PoolService(Engine& engine, ResourceId resource, const storage::PoolLayout& layout, std::vector<Member> members,
              WorkId first_id = 1);

  void submit(storage::Io& io, IoListener& listener, std::size_t tag) override;
  void unplug() override;
  void cancel(WorkId id) override;

  WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) override;
  void stop_bulk(WorkId id) override;
  [[nodiscard]] Bytes bulk_progress(WorkId id) override;

  [[nodiscard]] ResourceId resource() const noexcept override { return resource_; }
  [[nodiscard]] std::optional<OwnerId> main_owner() const noexcept override;
  [[nodiscard]] BytesPerSecond rate_alone(const StreamWindow& window) const override;
  [[nodiscard]] Seconds sync_time(storage::SyncCall call) const override;

  [[nodiscard]] const storage::PoolLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] const std::vector<Member>& members() const noexcept { return members_; }
  /// Puts something else into a place from now on. Bulk jobs that run go on where they are.
  void set_member(std::size_t place, Member member);
  /// A member is gone from now on: bulk jobs go on without it. What it is working on it still ends.
  void fail_member(std::size_t place);
  void set_log(Volume& log) noexcept { log_ = &log; }
  [[nodiscard]] Volume& for_sync_writes() noexcept override { return log_ != nullptr ? *log_ : *this; }
  /// Counts work that a caller runs on the members itself as a bulk job of the pool, for `main_owner`; 0 bytes end it.
  void note_window(OwnerId owner, Bytes in_flight);

 private:
  using Slot = std::uint32_t;

  /// An I/O of the pool.
  struct Pending {
    IoListener* listener = nullptr;
    std::size_t tag = 0;
    storage::Io io;
    storage::MemberPlan plan;
    bool is_in_first = false;
    Seconds submitted;
    std::vector<std::pair<unsigned, WorkId>> on_way{};  ///< by number in the plan: place and id, 0 once ended
    std::size_t num_on_way = 0;
    Seconds last_finish{};
    Causes causes{};  ///< of the part that finished last
    Causes before{};  ///< of the first part
    Outcome outcome = Outcome::Completed;
  };

  struct MemberStream {
    unsigned place = 0;
    Volume* volume = nullptr;
    WorkId id = 0;
    double share = 0.0;  ///< bytes of the member per byte of the job
    bool has_ended = false;
  };
  struct Bulk {
    storage::BulkJob job;
    std::function<void()> on_end;
    std::vector<MemberStream> streams{};
    std::unique_ptr<BlockStream> blocks{};
    Bytes moved_before{};  ///< by streams that were given up
  };

  void io_ended(std::size_t tag, storage::IoCompletion&& completion) override;
  void submit_part(Slot slot, const std::vector<storage::MemberIo>& part);
  void end_io(Slot slot);
  [[nodiscard]] std::vector<storage::MemberState> states() const;
  [[nodiscard]] std::optional<BytesPerSecond> member_rate(const storage::MemberStream& stream, unsigned place,
                                                          const StreamWindow& window) const;
  void start(WorkId id);
  void restart(WorkId id);
  void start_streams(WorkId id, const std::vector<storage::MemberStream>& streams);
  void stream_ended(WorkId id, std::size_t number);
  void end_bulk(WorkId id);

  ResourceId resource_;
  storage::PoolLayout layout_;
  std::vector<Member> members_;
  std::vector<std::size_t> in_flight_;  ///< by place
  std::vector<bool> is_plugged_;        ///< by place: has I/Os that are not on their way yet
  storage::SlotPool<Pending> pending_;
  std::map<WorkId, Slot> by_id_;
  std::map<WorkId, Bulk> bulks_;
  WorkId next_id_;
  Volume* log_ = nullptr;
  std::optional<std::pair<OwnerId, Bytes>> noted_window_;
};

}  // namespace labtwin::service
