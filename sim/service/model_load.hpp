#pragma once

#include <cstdint>
#include <optional>

#include "models/base/rng.hpp"
#include "models/serving/load_time.hpp"
#include "sim/engine/engine.hpp"
#include "sim/engine/trigger.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/memory_cache.hpp"
#include "sim/service/paced_bulk.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

class ModelLoad;

struct ModelLoadOptions {
  OwnerId owner = 0;  ///< who loads, as neighbours on the volume see it
  Bytes weights;
  double warm_share = 0.0;           ///< of the file that is in memory, where no cache is simulated
  std::optional<CachedFile> file{};  ///< the file as the node's memory holds it
  Bytes read_ahead;                  ///< one window of the kernel's
  unsigned num_streams = 1;          ///< threads that read
  BytesPerSecond card_link;
  serving::LoaderParameters loader{};
  BusWay to_card{};             ///< from the volume, through memory
  BusWay from_memory{};         ///< of what is there already
  ModelLoad* leader = nullptr;  ///< who reads the same file from the same volume at the same time, a step ahead
};

/// Gets the weights of a server from a volume into its card; until then its requests wait. The volume is read through a window
/// that it shares with everybody else; what comes behind it sets the pace of the window. What memory holds of the file is not
/// read; nor is what another copy of the model has just read, which is no sooner there than that.
class ModelLoad {
 public:
  ModelLoad(Engine& engine, const RandomSource& random, const ModelLoadOptions& options, Volume& volume, LlmServer& server);

  /// A process: pauses the server, loads, and lets it go on. Never two at once.
  Task<> run();

  /// When the server was ready for the first time; nothing before.
  [[nodiscard]] std::optional<Seconds> ready_at() const noexcept { return ready_at_; }
  [[nodiscard]] Bytes weights() const noexcept { return options_.weights; }
  /// Of all loads so far.
  [[nodiscard]] Bytes loaded() const noexcept { return options_.weights * static_cast<double>(num_loads_); }
  [[nodiscard]] ResourceId source() const noexcept { return volume_->resource(); }

 private:
  Engine* engine_;
  RandomStream latencies_;
  ModelLoadOptions options_;
  Volume* volume_;
  LlmServer* server_;
  std::uint64_t num_loads_ = 0;
  Trigger<> was_read_;  ///< for the first time
  std::optional<Seconds> ready_at_;
};

}  // namespace labtwin::service
