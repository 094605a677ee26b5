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
  std::uint64_t host_tokens = 0;  ///< whose keys and values the host's memory keeps: `--cache-ram` over those of a token
};

/// Law:    a request takes a slot or waits, first come, first served. Of the free slots it takes the one whose last text begins
///         with most of the prompt, if that is more than a tenth of it, else the one that was used longest ago; what the slot
///         holds of the prompt is not computed again, except for its last token. Before a slot loses more than half of its
///         text, the host's memory takes a copy, at the cost of its oldest ones, and the slot gets the copy back that begins
///         with more of the prompt, if a quarter of that is of use. A step has one token for each slot that generates and
///         then, slot by slot, as much of the prompts as the batch has room for
/// Inputs: requests in order of arrival; the caller says when a step is done
/// Valid:  llama-server, the host's copies since October 2025; slots with a context of their own, as `--no-kv-unified` has them
///         and all had until December 2025; `--cont-batching`, no speculative decoding
/// Source: ggml-org/llama.cpp tools/server/server-context.cpp, get_available_slot and update_slots; server-task.cpp,
///         server_prompt_cache
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
  /// Tokens that the host's memory holds.
  [[nodiscard]] std::uint64_t num_stored() const;

 private:
  struct Text {
    InferenceRequest request{};    ///< of a slot the present one, or the last
    std::uint32_t num_cached = 0;  ///< its tokens, with the answer's, whose keys and values are held
  };
  struct Slot : Text {
    std::uint32_t num_outputs = 0;
    std::uint32_t num_moved = 0;  ///< tokens that the host took and gave back, of which no step knows yet
    std::uint64_t last_used = 0;
    bool is_busy = false;
    bool is_cancelled = false;
  };

  void place_waiting();
  [[nodiscard]] std::size_t slot_for(const InferenceRequest& request) const;
  [[nodiscard]] static std::uint32_t common_tokens(const Text& text, const InferenceRequest& request);
  /// Copies the text of a slot that is to lose it to the host, and gets the one back that helps most.
  void exchange_with_host(Slot& slot, const InferenceRequest& request);
  void store(Slot& slot);
  void restore(Slot& slot, const InferenceRequest& request);
  void add_part(std::size_t slot, std::uint32_t tokens);
  void free(Slot& slot);

  LlamaSchedulerSettings settings_;
  std::vector<Slot> slots_;
  std::deque<InferenceRequest> waiting_;
  std::deque<Text> stored_;  ///< by the host, oldest first
  std::size_t num_busy_ = 0;
  std::uint64_t num_steps_ = 0;
  std::vector<std::size_t> scheduled_;
  std::vector<StepPart> step_;
  std::vector<TokenEvent> events_;
};

}  // namespace labtwin::serving
