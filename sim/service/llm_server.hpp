#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "models/base/device.hpp"
#include "models/base/occupancy.hpp"
#include "models/serving/inference_engine.hpp"
#include "models/serving/router.hpp"
#include "models/serving/step_time.hpp"
#include "sim/engine/engine.hpp"
#include "sim/process/recorder.hpp"
#include "sim/service/gpu_card.hpp"
#include "sim/service/step_links.hpp"
#include "sim/service/token_gaps.hpp"

namespace labtwin::service {

class LlmServer;

/// What a caller wants: an answer of so many tokens to a prompt of so many, of which the first may be known.
struct GenerationRequest {
  OwnerId owner = 0;
  std::uint64_t prompt_tokens = 1;  ///< >= 1
  std::uint64_t output_tokens = 1;  ///< >= 1
  std::uint64_t prefix = 0;         ///< which text the first `prefix_tokens` are: a system prompt, a document
  std::uint64_t prefix_tokens = 0;
  std::uint64_t conversation = 0;    ///< whose earlier turns the prompt begins with; 0: none
  std::uint64_t session = 0;         ///< that routers know it by; 0: none
  std::span<const TextRun> texts{};  ///< that it consists of, as a trace tells them; they outlive the server
};

/// How a generation went. The causes and what links cost sum to the time from asking to the last token.
struct GenerationResult {
  Outcome outcome = Outcome::Completed;
  ResourceId card = 0;  ///< that it was for
  Seconds time_to_first_token;
  TokenGaps gaps;                ///< between its tokens
  std::uint64_t num_tokens = 0;  ///< that came out: fewer than asked for where the context ended
  PromptTokens prompt;           ///< nothing before it was begun
  Causes causes;                 ///< on that card
  Timeline links{};              ///< that steps waited for
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
  enum class Stage : std::uint8_t { Gone, Outside, Queued, InBatch };

  LlmServer* server_;
  GenerationRequest request_;
  Stage stage_ = Stage::Gone;
  std::uint64_t id_ = 0;
  bool has_first_token_ = false;
  Seconds arrived_;
  Seconds admitted_;
  Seconds last_token_;  ///< when it came
  Seconds alone_;       ///< what its prompt takes alone
  Occupancy::Moment from_;
  StepLinks::Moment links_from_;
  GenerationResult result_;
};

struct LlmServerOptions {
  std::uint64_t longest_request = 0;  ///< tokens of prompt and answer; longer answers end there, longer prompts are refused
  std::optional<std::size_t> queue_limit{};
};

/// An inference server: the scheduler of an engine, stepped at the speed of a card that it may share. One step is one event;
/// decode steps between two changes of the batch are one event together.
class LlmServer {
 public:
  LlmServer(Engine& engine, GpuCard& card, std::unique_ptr<serving::InferenceEngine> scheduler,
            std::unique_ptr<const serving::StepTimeModel> model, const LlmServerOptions& options);
  LlmServer(const LlmServer&) = delete;
  LlmServer& operator=(const LlmServer&) = delete;

  /// Its steps cross these lanes of the bus.
  void cross(Bus& bus, std::vector<topology::LaneUse> lanes, OwnerId owner);
  /// It is the first of several copies of the model, among which requests are dealt. The others outlive it.
  void deal(serving::Routing policy, std::span<LlmServer* const> others);

  /// `co_await server.generate(request)`.
  [[nodiscard]] Generation generate(const GenerationRequest& request) {
    return {copies_.empty() ? *this : chosen(request), request};
  }

  /// From now on requests wait outside; those that are inside are served. For a server whose model is not there.
  void pause() { is_paused_ = true; }
  void resume();
  /// Calls back when somebody comes who has to wait outside, and when the last one inside is served.
  void watch(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  [[nodiscard]] bool is_serving() const noexcept { return burst_.is_active(); }

  [[nodiscard]] ResourceId resource() const noexcept { return card_->resource(); }
  [[nodiscard]] GpuCard& card() const noexcept { return *card_; }
  [[nodiscard]] std::uint64_t longest_request() const noexcept { return options_.longest_request; }
  /// Integral of the number that waits for a place.
  [[nodiscard]] Seconds waiting_time();
  [[nodiscard]] std::uint64_t num_steps() const noexcept { return num_steps_; }
  /// Requests that wait or are served.
  [[nodiscard]] std::size_t num_present() const noexcept { return outside_.size() + present_.size(); }

 private:
  friend class Generation;

  void arrive(Generation& generation);
  void leave(Generation& generation);
  void enter(Generation& generation);
  void refuse(Generation& generation);
  void tell();
  void begin_phase();
  void finish_phase();
  void cut_short();
  void take_in(Generation& generation, const serving::StepPart& part);
  void note_token(Generation& generation, bool is_first);
  void complete(Generation& generation);
  [[nodiscard]] Seconds decoding_alone(const Generation& generation) const;
  [[nodiscard]] LlmServer& chosen(const GenerationRequest& request);
  [[nodiscard]] Seconds alone_done() const;
  void resize(Seconds alone);
  void stretch_changed();
  void note_waiting();

  Engine* engine_;
  GpuCard* card_;
  std::unique_ptr<serving::InferenceEngine> scheduler_;
  std::unique_ptr<const serving::StepTimeModel> model_;
  LlmServerOptions options_;
  GpuCard::Burst burst_;
  std::deque<Generation*> outside_;                         ///< who came while it was paused
  std::unordered_map<std::uint64_t, Generation*> present_;  ///< who is inside, by id; looked up, never iterated
  std::uint64_t next_id_ = 1;
  serving::StepRun alone_;  ///< decode steps of one sequence, from an empty context on
  bool is_paused_ = false;
  std::function<void()> on_change_;
  Seconds run_began_;
  serving::StepRun run_;
  std::uint64_t run_steps_ = 0;
  std::unique_ptr<StepLinks> links_;  ///< nothing: its steps stay on the card
  // Of the stretch under way, up to the last change of how much links slow it: what is done, as alone and as it took.
  Seconds alone_before_;
  Seconds done_before_;
  double stretch_ = 1.0;
  std::vector<LlmServer*> copies_;  ///< itself the first; empty where it is alone
  serving::Router router_{serving::Routing::LeastLoaded};
  std::vector<serving::CopyState> states_;  ///< of the copies, kept for its memory
  std::uint64_t num_steps_ = 0;
  Seconds waiting_time_;
  Seconds noted_at_;
};

}  // namespace labtwin::service
