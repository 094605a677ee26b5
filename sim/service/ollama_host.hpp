#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/service/llm_server.hpp"
#include "sim/service/model_load.hpp"

namespace labtwin::service {

/// A model that Ollama serves when somebody asks.
struct OllamaModel {
  LlmServer* server = nullptr;
  ModelLoad* load = nullptr;
  Bytes memory;        ///< of the card, while it is loaded
  Seconds keep_alive;  ///< without a request, until it is unloaded
};

/// Ollama's scheduler on one card: a request for a model that is not there has it loaded; where memory or the number of models
/// does not allow it, the model that has been idle longest goes, and if none is idle, the one that was loaded first takes no
/// more requests until it has answered those it has.
/// Source: ollama/ollama server/sched.go (processPending, findRunnerToUnload); the half second that Ollama waits for the
///         driver to give memory back is left out
class OllamaHost {
 public:
  OllamaHost(Engine& engine, Bytes memory, std::size_t max_loaded_models);
  OllamaHost(const OllamaHost&) = delete;
  OllamaHost& operator=(const OllamaHost&) = delete;

  /// The server is paused until its model has been loaded.
  void add(const OllamaModel& model);

  [[nodiscard]] Bytes used() const noexcept { return used_; }
  [[nodiscard]] std::size_t num_loaded() const noexcept { return num_loaded_; }
  [[nodiscard]] std::uint64_t num_loads() const noexcept { return num_loads_; }

 private:
  enum class State : std::uint8_t { Absent, Loading, Loaded, Draining };
  struct Entry {
    OllamaModel model;
    State state = State::Absent;
    std::uint64_t last_change = 0;  ///< when it was loaded or became idle, in order
    std::unique_ptr<Alarm> expiry{};
  };

  void changed(Entry& entry);
  void expire(Entry& entry);
  /// Loads what is wanted, one model after the other.
  void serve();
  /// Whether there is room now.
  [[nodiscard]] bool make_room(const Entry& wanted);
  [[nodiscard]] Entry* oldest(bool idle);
  void unload(Entry& entry);
  Task<> load(Entry& entry);

  Engine* engine_;
  Bytes memory_;
  std::size_t max_loaded_models_;
  std::deque<Entry> entries_;
  std::vector<Entry*> wanted_;  ///< in order of the first request
  Bytes used_;
  std::size_t num_loaded_ = 0;
  std::uint64_t num_changes_ = 0;
  std::uint64_t num_loads_ = 0;
  bool is_loading_ = false;
};

}  // namespace labtwin::service
