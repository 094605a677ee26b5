#include "models/serving/paged_step_time.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {

Bytes MissingWeights::read(double tokens) const {
  return dense + experts * (1.0 - std::pow(1.0 - picked, tokens));
}

MissingWeights missing_weights(const WeightPlacement& placement, Bytes page_cache) {
  MissingWeights missing{.dense = {}, .experts = {}, .picked = placement.picked, .rate = {}};
  if (placement.in_host() <= page_cache) return missing;
  if (placement.dense_in_host > page_cache) missing.dense = placement.dense_in_host;
  const Bytes for_experts = std::max(Bytes{}, page_cache - placement.dense_in_host);
  missing.experts = std::max(Bytes{}, placement.experts_in_host - for_experts);
  return missing;
}

Seconds PagedStepTime::step_time(const OperatorBatch& batch) const {
  const double tokens = batch.longest_chunk > 0.0 ? std::min(batch.num_tokens, missing_.ubatch) : batch.num_decodes;
  const double passes = batch.longest_chunk > 0.0 ? std::ceil(batch.num_tokens / missing_.ubatch) : 1.0;
  return in_memory_->step_time(batch) + missing_.read(tokens) * passes / missing_.rate;
}

}  // namespace labtwin::serving
