#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "sim/engine/alarm.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// A bulk job block by block: every block is an I/O of the volume. For volumes that cannot hand a whole stream to a drive.
class BlockStream final : private IoListener {
 public:
  /// `on_end` is called when the total has been moved; it may destroy the stream.
  BlockStream(Engine& engine, Volume& volume, storage::BulkJob job, std::function<void()> on_end);
  BlockStream(const BlockStream&) = delete;
  BlockStream& operator=(const BlockStream&) = delete;
  ~BlockStream();

  /// Issues what may be issued now; called once to begin.
  void issue();
  [[nodiscard]] Bytes progress() const;

 private:
  void io_ended(std::size_t tag, storage::IoCompletion&& completion) override;
  [[nodiscard]] std::uint64_t num_blocks() const;
  [[nodiscard]] Seconds due(std::uint64_t index) const;
  [[nodiscard]] storage::Io block(std::uint64_t index) const;

  Engine* engine_;
  Volume* volume_;
  storage::BulkJob job_;
  std::function<void()> on_end_;
  Alarm alarm_;
  Seconds started_;
  std::uint64_t num_issued_ = 0;
  std::uint64_t num_completed_ = 0;
  std::deque<Seconds> ready_;    ///< when the free places of the window may be filled
  std::deque<WorkId> on_way_{};  ///< in order of issue
};

}  // namespace labtwin::service
