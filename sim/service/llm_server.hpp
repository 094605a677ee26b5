#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "models/base/device.hpp"
#include "models/base/occupancy.hpp"
#include "models/serving/step_time.hpp"
#include "sim/engine/alarm.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/name_table.hpp"

namespace labtwin::service {

class LlmServer;

/// What a caller wants: an answer of so many tokens to a prompt of so many.
struct GenerationRequest {
  OwnerId owner = 0;
  std::uint64_t prompt_tokens = 1;  ///< >= 1
  std::uint64_t output_tokens = 1;  ///< >= 1
};

/// How a generation went. The causes sum to the time from asking to the last token.
struct GenerationResult {
  Outcome outcome = Outcome::Completed;
  Seconds time_to_first_token;
  Causes causes;
};

/// The wait for an answer; made by LlmServer::generate. Destroying it gives the place in the queue or the batch back.
class Generation final : public Resumption {
 public:
  Generation(LlmServer& server, const GenerationRequest& request);
  ~Generation() override;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> process);
  GenerationResult await_resume() noexcept { return std::move(result_); }

 private:
  friend class LlmServer;
  enum class Stage : std::uint8_t { Outside, Queued, InBatch };

  LlmServer* server_;
  GenerationRequest request_;
  Stage stage_ = Stage::Outside;
  std::uint64_t num_remaining_ = 0;  ///< tokens still to come
  std::uint64_t context_ = 0;        ///< tokens in the cache; 0 until the prompt has been processed
  Seconds arrived_;
  Seconds admitted_;
  Seconds slowdown_;
  Occupancy::Moment from_;
  GenerationResult result_;
};

struct LlmServerOptions {
  std::size_t max_batch = 8;
  std::optional<std::size_t> queue_limit{};
};

/// An inference engine with continuous batching: whoever waits joins at the next step boundary while there is room; their
/// prompts are processed whole in that step, beside one token for everybody else. One step is one event; decode steps between
/// two changes of the batch are one event together. Left out: chunked prefill, prefix reuse, running out of KV blocks.
class LlmServer {
 public:
  LlmServer(Engine& engine, ResourceId resource, std::unique_ptr<const serving::StepTimeModel> model,
            const LlmServerOptions& options);
  LlmServer(const LlmServer&) = delete;
  LlmServer& operator=(const LlmServer&) = delete;

  /// `co_await server.generate(request)`.
  [[nodiscard]] Generation generate(const GenerationRequest& request) { return {*this, request}; }

  /// Nobody is served until `open`: the model is being loaded, and the owner is who is waited for.
  void close(OwnerId owner);
  void open();

  [[nodiscard]] ResourceId resource() const noexcept { return resource_; }
  /// Time spent in steps so far, and integral of the number that waits for a place.
  [[nodiscard]] Seconds busy_time() const;
  [[nodiscard]] Seconds waiting_time();

 private:
  friend class Generation;
  enum class Phase : std::uint8_t { Idle, Mixed, Decode };

  void arrive(Generation& generation);
  void leave(Generation& generation);
  void finish_phase();
  void begin_phase();
  void begin_decode();
  void admit_waiting();
  void cut_decode_short();
  void settle(Generation& generation, Seconds elapsed, std::uint64_t num_steps);
  void complete(Generation& generation);
  [[nodiscard]] serving::StepBatch decode_batch() const;
  void note_waiting();

  Engine* engine_;
  ResourceId resource_;
  std::unique_ptr<const serving::StepTimeModel> model_;
  LlmServerOptions options_;
  Alarm alarm_;
  std::deque<Generation*> queue_;
  std::vector<Generation*> batch_;  ///< in order of admission
  Occupancy occupancy_;
  Phase phase_ = Phase::Idle;
  std::optional<OwnerId> closed_for_;
  serving::StepBatch phase_batch_;
  std::uint64_t phase_steps_ = 0;
  Seconds phase_began_;
  Seconds busy_time_;
  Seconds waiting_time_;
  Seconds noted_at_;
};

}  // namespace labtwin::service
