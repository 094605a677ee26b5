#pragma once

#include <optional>

#include "models/base/rng.hpp"
#include "models/serving/load_time.hpp"
#include "sim/engine/engine.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/volume.hpp"

namespace labtwin::service {

struct ModelLoadOptions {
  OwnerId owner = 0;  ///< who loads, as neighbours on the volume see it
  Bytes weights;
  double warm_share = 0.0;
  Bytes read_ahead;          ///< one window of the kernel's
  unsigned num_streams = 1;  ///< threads that read
  BytesPerSecond card_link;
  serving::LoaderParameters loader{};
};

/// Gets the weights of a server from a volume into its card when the run begins; until then its requests wait. The volume is
/// read through a window that it shares with everybody else; what comes behind it sets the pace of the window.
class ModelLoad {
 public:
  ModelLoad(Engine& engine, const RandomSource& random, const ModelLoadOptions& options, Volume& volume, LlmServer& server);

  /// A process to be spawned once.
  Task<> run();

  /// When the server was ready; nothing before.
  [[nodiscard]] std::optional<Seconds> ready_at() const noexcept { return ready_at_; }
  [[nodiscard]] Bytes weights() const noexcept { return options_.weights; }
  [[nodiscard]] ResourceId source() const noexcept { return volume_->resource(); }

 private:
  Engine* engine_;
  RandomStream latencies_;
  ModelLoadOptions options_;
  Volume* volume_;
  LlmServer* server_;
  std::optional<Seconds> ready_at_;
};

}  // namespace labtwin::service
