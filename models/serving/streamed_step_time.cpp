#include "models/serving/streamed_step_time.hpp"

#include <algorithm>
#include <cmath>

namespace labtwin::serving {

Bytes WeightStream::read(double tokens) const {
  return dense + experts * (1.0 - std::pow(1.0 - picked, tokens));
}

WeightStream stream_weights(const ModelShape& shape, const ModelWeights& weights, Bytes offloaded, double num_cards) {
  WeightStream stream;
  Bytes dense;
  Bytes experts;
  for (const LayerWeights& layer : weights.layers) {
    dense += layer.dense / num_cards;
    experts += layer.experts / num_cards;
  }
  stream.share = std::min(1.0, offloaded / (dense + experts));
  stream.dense = dense * stream.share;
  stream.experts = experts * stream.share;
  if (shape.experts) stream.picked = static_cast<double>(shape.experts->used) / shape.experts->count;
  return stream;
}

Seconds StreamedStepTime::step_time(const OperatorBatch& batch) const {
  const Seconds step = in_memory_->step_time(batch);
  return step * (1.0 - stream_.share) + std::max(step * stream_.share, stream_.read(batch.num_tokens) / stream_.rate);
}

StepTraffic StreamedStepTime::traffic(const OperatorBatch& batch) const {
  StepTraffic traffic = in_memory_->traffic(batch);
  if (stream_.is_alone) return traffic;
  const Bytes read = stream_.read(batch.num_tokens);
  traffic.on_links += read / stream_.rate;
  traffic.bytes += read;
  return traffic;
}

}  // namespace labtwin::serving
