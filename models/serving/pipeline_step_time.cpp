#include "models/serving/pipeline_step_time.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

/// How many batches a step is dealt to, and the largest of them.
struct Dealt {
  double num_batches = 1.0;
  OperatorBatch largest;
};

Dealt deal(const OperatorBatch& batch, double num_stages) {
  const double prompt_tokens = std::max(0.0, batch.num_tokens - batch.num_decodes);
  const double num_prompts = batch.longest_chunk > 0.0 ? std::max(1.0, prompt_tokens / batch.longest_chunk) : 0.0;
  const double of_decodes = std::clamp(batch.num_decodes, 1.0, num_stages);
  const double of_prompts = std::clamp(num_prompts, 1.0, num_stages);
  Dealt dealt{.num_batches = std::max(of_decodes, of_prompts), .largest = batch};
  OperatorBatch& largest = dealt.largest;
  largest.num_decodes /= of_decodes;
  largest.kv_tokens /= of_decodes;
  largest.num_pairs /= of_prompts;
  largest.num_sampled /= dealt.num_batches;
  largest.num_tokens = largest.num_decodes + prompt_tokens / of_prompts;
  return dealt;
}

}  // namespace

Seconds PipelineStepTime::step_time(const OperatorBatch& batch) const {
  return through_all_->step_time(deal(batch, num_stages_).largest);
}

StepTraffic PipelineStepTime::traffic(const OperatorBatch& batch) const {
  // Whichever batches there are, every token is handed on once.
  return {.on_links = through_all_->traffic(deal(batch, num_stages_).largest).on_links,
          .bytes = through_all_->traffic(batch).bytes};
}

}  // namespace labtwin::serving
