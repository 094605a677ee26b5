#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "models/base/units.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

/// Priority classes of `ionice`: -c1, -c2 (what everyone has by default) and -c3.
enum class IoPriority : std::uint8_t { Realtime, BestEffort, Idle };
inline constexpr std::size_t kNumIoPriorities = 3;

/// A request as the scheduler of the host sees it.
struct QueuedRequest {
  std::uint32_t handle = 0;  ///< the drive's name for it, unique among those queued
  Direction direction = Direction::Read;
  IoPriority priority = IoPriority::BestEffort;
  std::uint64_t position = 0;  ///< first byte on the drive
};

enum class SchedulerKind : std::uint8_t { None, MqDeadline };

/// Settings under /sys/block/<drive>/queue; the defaults are Linux'.
struct SchedulerSettings {
  SchedulerKind kind = SchedulerKind::None;
  Seconds read_expire = Seconds::from_base(0.5);
  Seconds write_expire = Seconds::from_base(5.0);
  Seconds prio_aging_expire = Seconds::from_base(10.0);
  unsigned fifo_batch = 16;
  unsigned writes_starved = 2;
};

/// Orders the requests that wait for the drive. It holds only what the drive cannot take yet.
class IoScheduler {
 public:
  virtual ~IoScheduler() = default;

  virtual void add(Seconds now, const QueuedRequest& request) = 0;
  /// Takes out the request that goes to the drive next; nothing if none waits or none may go yet.
  [[nodiscard]] virtual std::optional<std::uint32_t> take_next(Seconds now) = 0;
  /// A request taken out earlier has left the drive.
  virtual void completed(IoPriority priority) = 0;
  /// Forgets a request that waits.
  virtual void remove(const QueuedRequest& request) = 0;
};

[[nodiscard]] std::unique_ptr<IoScheduler> make_io_scheduler(const SchedulerSettings& settings);

}  // namespace labtwin::storage
