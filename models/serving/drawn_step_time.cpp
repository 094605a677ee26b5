#include "models/serving/drawn_step_time.hpp"

#include <algorithm>

namespace labtwin::serving {
namespace {

OperatorBatch decodes_of(const OperatorBatch& batch) {
  return {.num_tokens = batch.num_decodes,
          .num_sampled = batch.num_decodes,
          .num_decodes = batch.num_decodes,
          .kv_tokens = batch.kv_tokens,
          .longest_kv = batch.longest_kv};
}

}  // namespace

Seconds DrawnStepTime::step_time(const OperatorBatch& batch) const {
  const Seconds whole = law_->step_time(batch);
  if (batch.longest_chunk <= 0.0) return whole * factors_.decode;
  if (batch.num_decodes <= 0.0) return whole * factors_.prompt;
  const Seconds decodes = std::min(whole, law_->step_time(decodes_of(batch)));
  return decodes * factors_.decode + (whole - decodes) * factors_.prompt;
}

StepTraffic DrawnStepTime::traffic(const OperatorBatch& batch) const {
  StepTraffic traffic = law_->traffic(batch);
  if (traffic.bytes > Bytes{}) traffic.on_links = traffic.on_links * (step_time(batch) / law_->step_time(batch));
  return traffic;
}

}  // namespace labtwin::serving
