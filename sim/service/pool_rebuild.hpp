#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "models/base/rng.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/pool_service.hpp"

namespace labtwin::service {

struct PoolRebuildOptions {
  OwnerId owner = 0;
  Seconds start;
  std::size_t place = 0;  ///< of the member that is missing
  Volume* onto = nullptr;
  Bytes amount;  ///< that is written to it
  Bytes block_size;
  unsigned depth = 1;                        ///< blocks in flight per member
  storage::Yielding yielding{};              ///< to whatever else the members do
  std::optional<BytesPerSecond> max_rate{};  ///< of every member
};

/// Brings a pool back to health: reads what the new member has to hold from the others and writes it, in order of position. All
/// members keep the pace of the slowest. Left out: processor time, bitmaps and checkpoints, records that change meanwhile.
class PoolRebuild {
 public:
  PoolRebuild(Engine& engine, const RandomSource& random, PoolService& pool, const PoolRebuildOptions& options);
  PoolRebuild(const PoolRebuild&) = delete;
  PoolRebuild& operator=(const PoolRebuild&) = delete;

  /// The life of the rebuild: a process to be spawned once.
  Task<> run();

  /// Up to now.
  [[nodiscard]] double progress();  ///< 0 to 1
  [[nodiscard]] Seconds active_time() const;
  [[nodiscard]] Bytes bytes_read();
  [[nodiscard]] Bytes bytes_written();

 private:
  /// What goes on on one member.
  struct Part {
    Volume* volume = nullptr;
    storage::Direction direction = storage::Direction::Read;
    WorkId id = 0;
    bool has_ended = false;
  };

  void choose_parts();
  void begin(Trigger<>& has_ended);
  [[nodiscard]] BytesPerSecond rate_alone(const Part& part) const;
  [[nodiscard]] Bytes moved(const Part& part) const;

  Engine* engine_;
  PoolService* pool_;
  PoolRebuildOptions options_;
  RandomStream latencies_;
  std::vector<Part> parts_{};
  std::optional<Seconds> began_{};
  std::optional<Seconds> ended_{};
};

}  // namespace labtwin::service
