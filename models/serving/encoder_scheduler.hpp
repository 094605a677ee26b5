#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "models/serving/inference_engine.hpp"

namespace labtwin::serving {

/// The dynamic batching of servers of embedding models (text-embeddings-inference, infinity): while a batch is computed others
/// queue, and the next one takes all of them that fit. A request is one text, done after one step.
class EncoderScheduler final : public InferenceEngine {
 public:
  /// `max_batch_tokens`, >= 1, of all texts of a batch; a longer text is a batch of its own.
  explicit EncoderScheduler(std::uint32_t max_batch_tokens) : max_batch_tokens_(max_batch_tokens) {}

  [[nodiscard]] bool submit(const InferenceRequest& request) override;
  void cancel(std::uint64_t request) override;
  std::span<const StepPart> schedule() override;
  [[nodiscard]] std::uint64_t num_alike() const override { return 1; }
  std::span<const TokenEvent> complete(std::uint64_t num_steps) override;
  [[nodiscard]] bool has_room() const override { return true; }
  [[nodiscard]] std::size_t num_waiting() const override { return queue_.size(); }
  [[nodiscard]] std::uint64_t num_kept(const InferenceRequest& /*prompt*/) const override { return 0; }

 private:
  std::uint32_t max_batch_tokens_;
  std::deque<InferenceRequest> queue_;
  std::vector<StepPart> batch_;
  std::vector<TokenEvent> events_;
};

}  // namespace labtwin::serving
