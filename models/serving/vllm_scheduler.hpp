#pragma once

// The scheduler of vLLM's V1 engine as a state machine.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "models/serving/block_pool.hpp"
#include "models/serving/inference_engine.hpp"

namespace labtwin::serving {

struct VllmSchedulerSettings {
  std::size_t num_blocks = 0;
  std::uint32_t block_tokens = 16;
  std::uint32_t max_sequences = 256;        ///< `max_num_seqs`
  std::uint32_t max_batched_tokens = 2048;  ///< `max_num_batched_tokens`
  bool caches_prefixes = true;              ///< `enable_prefix_caching`
};

/// Law:    a step has a budget of tokens. Running requests come first, in order of admission: one token each, or what is left
///         of their prompt within the budget (chunked prefill). A request that finds no free block preempts the last one
///         admitted, which gives its blocks back, loses its place and computes anew. If nobody was preempted, waiting requests
///         are admitted first come, first served, while sequences and budget last and the blocks for all their tokens so far
///         are free; full blocks that still hold their first tokens are not computed again.
/// Inputs: requests in order of arrival; the caller says when a step is done
/// Valid:  vLLM 0.8 to 0.19, policy `fcfs`, chunked prefill, no speculative decoding
/// Source: vllm-project/vllm vllm/v1/core/sched/scheduler.py, block_pool.py
/// Error:  none of its own; see `labtwin validate` of kind serving_run
class VllmScheduler final : public InferenceEngine {
 public:
  explicit VllmScheduler(const VllmSchedulerSettings& settings);

  [[nodiscard]] bool submit(const InferenceRequest& request) override;
  void cancel(std::uint64_t request) override;
  std::span<const StepPart> schedule() override;
  [[nodiscard]] std::uint64_t num_alike() const override;
  std::span<const TokenEvent> complete(std::uint64_t num_steps) override;
  std::span<const TokenEvent> complete() { return complete(1); }
  [[nodiscard]] bool has_room() const override { return waiting_.empty() && running_.size() < settings_.max_sequences; }
  [[nodiscard]] std::size_t num_waiting() const noexcept override { return waiting_.size(); }
  [[nodiscard]] std::uint64_t num_kept(const InferenceRequest& prompt) const override;

  [[nodiscard]] bool idle() const noexcept { return waiting_.empty() && running_.empty(); }
  [[nodiscard]] std::size_t num_running() const noexcept { return running_.size(); }
  [[nodiscard]] std::size_t num_free_blocks() const noexcept { return pool_.num_free(); }
  [[nodiscard]] std::uint64_t num_preemptions() const noexcept { return num_preemptions_; }

 private:
  using Slot = std::uint32_t;

  struct State {
    InferenceRequest request;
    std::uint32_t num_outputs = 0;
    std::uint32_t num_computed = 0;
    std::uint32_t num_labelled = 0;  ///< full blocks that the pool knows
    bool is_cancelled = false;
    bool is_finished = false;
    std::vector<BlockId> blocks;

    [[nodiscard]] std::uint32_t num_tokens() const { return request.prompt_tokens + num_outputs; }
  };

  [[nodiscard]] std::size_t blocks_for(std::uint32_t tokens) const;
  [[nodiscard]] BlockKey key(const InferenceRequest& request, std::uint32_t index) const;
  void schedule_running(std::uint32_t& budget);
  void admit_waiting(std::uint32_t& budget);
  [[nodiscard]] bool admit(Slot slot, std::uint32_t& budget);
  /// Blocks in the pool that hold the first tokens of a request, in order.
  [[nodiscard]] std::vector<BlockId> cached_blocks(const InferenceRequest& request, std::uint32_t num_tokens) const;
  /// Makes room for the tokens, at the cost of others; false if the request itself had to go.
  [[nodiscard]] bool make_room(Slot slot, std::uint32_t tokens);
  void add_part(Slot slot, std::uint32_t tokens, std::uint32_t& budget);
  void preempt(Slot slot);
  /// Completes the step scheduled last and schedules the same again, of which the caller knows that it fits.
  void go_on();
  void finish(Slot slot);
  [[nodiscard]] std::size_t blocks_needed(std::uint64_t num_steps) const;
  void release_blocks(State& state);
  void label_full_blocks(State& state);

  VllmSchedulerSettings settings_;
  BlockPool pool_;
  std::vector<State> states_;
  std::vector<Slot> unused_;
  std::deque<Slot> waiting_;
  std::vector<Slot> running_;  ///< in order of admission
  std::vector<Slot> scheduled_;
  std::vector<StepPart> step_;
  std::vector<TokenEvent> events_;
  bool has_preempted_ = false;  ///< in the step scheduled last
  std::uint64_t num_preemptions_ = 0;
};

}  // namespace labtwin::serving
