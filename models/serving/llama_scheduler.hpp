#pragma once

// The slots of llama.cpp's server as a state machine; Ollama runs the same.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "models/serving/inference_engine.hpp"

namespace labtwin::serving {

struct LlamaSchedulerSettings {
  std::uint32_t num_slots = 1;    ///< `--parallel`
  std::uint32_t slot_tokens = 0;  ///< context of a slot: `--ctx-size` over the slots
  std::uint32_t batch = 2048;     ///< `--batch-size`: tokens of one step
  double least_similarity = 0.1;  ///< `--slot-prompt-similarity`
  bool caches_prompts = true;     ///< `cache_prompt` of requests
};

/// Law:    a request takes a slot or waits, first come, first served. Of the free slots it takes the one whose last text begins
///         with most of the prompt, if that is more than a tenth of it, else the one that was used longest ago; what the slot
///         holds of the prompt is not computed again, except for its last token. A step has one token for each slot that
///         generates and then, slot by slot, as much of the prompts as the batch has room for
/// Inputs: requests in order of arrival; the caller says when a step is done
/// Valid:  llama-server until December 2025 (then slots may share one context), `--cont-batching`, no speculative decoding,
///         no copy of prompts in the host's memory
/// Source: ggml-org/llama.cpp tools/server/server.cpp, get_available_slot and update_slots
/// Error:  none of its own
class LlamaScheduler final : public InferenceEngine {
 public:
  explicit LlamaScheduler(const LlamaSchedulerSettings& settings);

  /// False if prompt and answer are longer than a slot.
  [[nodiscard]] bool submit(const InferenceRequest& request) override;
  void cancel(std::uint64_t request) override;
  std::span<const StepPart> schedule() override;
  [[nodiscard]] std::uint64_t num_alike() const override;
  std::span<const TokenEvent> complete(std::uint64_t num_steps) override;
  [[nodiscard]] bool has_room() const override { return waiting_.empty() && num_busy_ < slots_.size(); }
  [[nodiscard]] std::size_t num_waiting() const noexcept override { return waiting_.size(); }
  [[nodiscard]] std::uint64_t num_kept(const InferenceRequest& prompt) const override;

  [[nodiscard]] std::size_t num_busy() const noexcept { return num_busy_; }
  /// Tokens that the slots hold.
  [[nodiscard]] std::uint64_t num_cached() const;

 private:
  struct Slot {
    InferenceRequest request{};    ///< the present one, or the last
    std::uint32_t num_cached = 0;  ///< tokens of its text that the slot holds
    std::uint32_t num_outputs = 0;
    std::uint64_t last_used = 0;
    bool is_busy = false;
    bool is_cancelled = false;
  };

  void place_waiting();
  [[nodiscard]] std::size_t slot_for(const InferenceRequest& request) const;
  [[nodiscard]] static std::uint32_t common_tokens(const Slot& slot, const InferenceRequest& request);
  void add_part(std::size_t slot, std::uint32_t tokens);
  void free(Slot& slot);

  LlamaSchedulerSettings settings_;
  std::vector<Slot> slots_;
  std::deque<InferenceRequest> waiting_;
  std::size_t num_busy_ = 0;
  std::uint64_t num_steps_ = 0;
  std::vector<std::size_t> scheduled_;
  std::vector<StepPart> step_;
  std::vector<TokenEvent> events_;
};

}  // namespace labtwin::serving
