#include "models/serving/offload_step_time.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {
namespace {

constexpr double kIdleColumns = 64.0;  // as in the throughput law

}  // namespace

double OffloadStepTime::streaming(double tokens) const {
  return c_.streaming_per_byte * c_.placement.read_in_host(tokens).value();
}

double OffloadStepTime::pass(double tokens) const {
  const double on_cores = c_.cores_per_token * tokens + c_.cores_host;
  return c_.prompt_launch + c_.arithmetic * (tokens + kIdleColumns) + std::min(streaming(tokens), on_cores);
}

Seconds OffloadStepTime::step_time(const OperatorBatch& batch) const {
  const double context = c_.context_per_token * batch.kv_tokens;
  if (batch.longest_chunk <= 0.0) {
    const double card = c_.card_per_byte * c_.placement.read_on_card(batch.num_decodes).value();
    const double host = c_.host_per_byte * c_.placement.read_in_host(batch.num_decodes).value();
    return Seconds::from_base(c_.launch + card + host + context + c_.arithmetic * (batch.num_decodes - 1.0));
  }
  const double whole = std::floor(batch.num_tokens / c_.ubatch);
  const double rest = batch.num_tokens - whole * c_.ubatch;
  double seconds = c_.pair * batch.num_pairs + context;
  if (whole > 0.0) seconds += whole * pass(c_.ubatch);
  if (rest > 0.0) seconds += pass(rest);
  return Seconds::from_base(seconds);
}

StepTraffic OffloadStepTime::traffic(const OperatorBatch& batch) const {
  if (batch.longest_chunk <= 0.0) {
    const Bytes read = c_.placement.read_in_host(batch.num_decodes);
    return {.on_links = Seconds::from_base(c_.host_per_byte * read.value()), .bytes = read};
  }
  const double passes = std::ceil(batch.num_tokens / c_.ubatch);
  const double tokens = std::min(batch.num_tokens, c_.ubatch);
  const double copied = std::min(streaming(tokens), c_.cores_per_token * tokens + c_.cores_host);
  return {.on_links = Seconds::from_base(passes * copied), .bytes = c_.placement.read_in_host(tokens) * passes};
}

}  // namespace labtwin::serving
