#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "models/storage/drive.hpp"
#include "models/storage/flush.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin::service {

class Volume;

/// How a burst of I/Os went: the worst outcome, and the causes of the I/O that finished last (the first of several at one
/// date) and of those whose ends made room for it in the window, one after the other; they sum to the time the burst took.
struct BurstResult {
  Outcome outcome = Outcome::Completed;
  Causes causes;
};

/// Adds up what has the same kind and culprit, so that a long chain stays small.
[[nodiscard]] Causes joined(Causes causes, const Causes& more);

/// Who is told of the ends of the I/Os that it has submitted.
class IoListener {
 public:
  /// `tag` is what was given with the I/O.
  virtual void io_ended(std::size_t tag, storage::IoCompletion&& completion) = 0;

 protected:
  ~IoListener() = default;
};

/// The wait for I/Os of which at most a window is outstanding; made by Volume::perform. Destroying it cancels what has not
/// completed.
class Burst final : public Resumption, private IoListener {
 public:
  Burst(Volume& volume, std::vector<storage::Io> ios, std::size_t window);
  Burst(const Burst&) = delete;
  Burst& operator=(const Burst&) = delete;
  ~Burst() override;

  [[nodiscard]] bool await_ready() const noexcept { return ios_.empty(); }
  void await_suspend(std::coroutine_handle<> process);
  BurstResult await_resume() noexcept { return std::move(result_); }

 private:
  void io_ended(std::size_t index, storage::IoCompletion&& completion) override;
  void submit_next(Causes before);

  Volume* volume_;
  std::vector<storage::Io> ios_;
  std::vector<Causes> before_;  ///< by I/O: causes of the time from the start of the burst to its submission; empty for 0
  std::size_t window_;
  std::size_t num_submitted_ = 0;
  std::size_t num_completed_ = 0;
  Seconds last_finish_;
  BurstResult result_;
};

/// A window of blocks that is kept outstanding.
struct StreamWindow {
  storage::Direction direction = storage::Direction::Read;
  Bytes block_size;
  unsigned depth = 1;
  Seconds think_time{};  ///< between the end of a block and the issue of the one that takes its place
  storage::Pattern pattern = storage::Pattern::Sequential;
};

/// Where services keep data, in simulated time: a drive, a pool of drives, what another node shares. It takes single I/Os, of
/// which each ends by itself, and bulk jobs, which are streams of blocks.
class Volume {
 public:
  explicit Volume(Engine& engine) : engine_(&engine) {}
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;
  virtual ~Volume() = default;

  /// `co_await volume.perform(std::move(ios))`: issues them and waits for all; at most `window` (> 0) are outstanding, in the
  /// order given. Ids are given here.
  [[nodiscard]] Burst perform(std::vector<storage::Io> ios, std::size_t window = std::numeric_limits<std::size_t>::max()) {
    return {*this, std::move(ios), window};
  }

  /// Takes an I/O and gives it its id; its end is told to the listener, never inside the call. What was submitted is on its
  /// way once `unplug` has been called; inside `io_ended` that happens by itself for the volume that tells.
  virtual void submit(storage::Io& io, IoListener& listener, std::size_t tag) = 0;
  virtual void unplug() = 0;
  /// Nobody is told of the end of this I/O any more; nothing happens if it has ended. `unplug` follows.
  virtual void cancel(WorkId id) = 0;

  /// Starts a bulk job; `on_end` is called when it has moved its total.
  virtual WorkId start_bulk(const storage::BulkJob& job, std::function<void()> on_end) = 0;
  virtual void stop_bulk(WorkId id) = 0;
  [[nodiscard]] virtual Bytes bulk_progress(WorkId id) = 0;

  [[nodiscard]] virtual ResourceId resource() const noexcept = 0;
  /// Whose running bulk job keeps most bytes in flight; nothing if none runs.
  [[nodiscard]] virtual std::optional<OwnerId> main_owner() const noexcept = 0;

  /// For plans: the rate of a window that nobody disturbs, and the time of a sync call.
  [[nodiscard]] virtual BytesPerSecond rate_alone(const StreamWindow& window) const = 0;
  [[nodiscard]] virtual Seconds sync_time(storage::SyncCall call) const = 0;

  /// Where writes go that are synced one by one: the log of a pool that has one.
  [[nodiscard]] virtual Volume& for_sync_writes() noexcept { return *this; }

 protected:
  [[nodiscard]] Engine& engine() const noexcept { return *engine_; }

 private:
  friend class Burst;
  Engine* engine_;
};

}  // namespace labtwin::service
