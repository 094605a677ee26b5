#include "models/serving/encoder_scheduler.hpp"

namespace labtwin::serving {

bool EncoderScheduler::submit(const InferenceRequest& request) {
  queue_.push_back(request);
  return true;
}

void EncoderScheduler::cancel(std::uint64_t request) {
  std::erase_if(queue_, [&](const InferenceRequest& waiting) { return waiting.id == request; });
  std::erase_if(batch_, [&](const StepPart& part) { return part.request == request; });
}

std::span<const StepPart> EncoderScheduler::schedule() {
  batch_.clear();
  std::uint64_t tokens = 0;
  while (!queue_.empty()) {
    const InferenceRequest& next = queue_.front();
    tokens += next.prompt_tokens;
    if (!batch_.empty() && tokens > max_batch_tokens_) break;
    batch_.push_back({.request = next.id, .num_tokens = next.prompt_tokens, .samples = true});
    queue_.pop_front();
  }
  return batch_;
}

std::span<const TokenEvent> EncoderScheduler::complete(std::uint64_t /*num_steps*/) {
  events_.clear();
  for (const StepPart& part : batch_) events_.push_back({.request = part.request, .is_first = true, .is_last = true});
  return events_;
}

}  // namespace labtwin::serving
