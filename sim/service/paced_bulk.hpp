#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sim/engine/alarm.hpp"
#include "sim/service/bus.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

/// The way of a volume's bytes over the bus; nothing where the node names no board.
struct BusWay {
  Bus* bus = nullptr;
  std::vector<topology::LaneUse> lanes{};
};

/// A bulk job on a volume whose bytes go on over the bus: while links hold it up, it is issued at the rate that they leave.
/// Nobody on the bus: it is what the volume makes of it. A change of the pace costs the blocks that are in flight.
class PacedBulk {
 public:
  explicit PacedBulk(Engine& engine) : engine_(&engine), alarm_(engine, [this] { apply(); }) {}

  /// `alone`: what the volume would give the job. `on_end` as of Volume::start_bulk.
  void start(Volume& volume, const BusWay& way, const storage::BulkJob& job, BytesPerSecond alone,
             std::function<void()> on_end);
  void stop();
  [[nodiscard]] bool is_running() const noexcept { return id_.has_value(); }
  [[nodiscard]] Bytes progress();

 private:
  void issue(const storage::BulkJob& job);
  /// The pace that the bus leaves now; nothing where it does not hold the job up.
  [[nodiscard]] std::optional<BytesPerSecond> wanted_pace() const;
  void changed();
  void apply();

  Engine* engine_;
  Volume* volume_ = nullptr;
  storage::BulkJob job_;
  std::function<void()> on_end_;
  std::optional<WorkId> id_;
  Bytes before_;  ///< moved up to the last change of the pace
  std::optional<BytesPerSecond> pace_;
  Seconds changed_at_;
  Alarm alarm_;
  std::unique_ptr<Bus::Stream> stream_;
};

}  // namespace labtwin::service
