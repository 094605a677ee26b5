#include "models/serving/encoder_step_time.hpp"

#include <algorithm>

#include "models/serving/card_memory.hpp"

namespace labtwin::serving {
namespace {

constexpr Seconds kBatch = Seconds::from_base(5e-3);
constexpr double kOfPeak = 0.3;
constexpr double kHalf = 2.0;  // bytes
// Hidden states, their projections and the inner layer of one operation and the next.
constexpr double kActivations = 20.0;

double matrix_parameters(const ModelShape& shape) {
  return shape.num_parameters - static_cast<double>(shape.vocabulary) * shape.hidden_size;
}

}  // namespace

EncoderStepTime::EncoderStepTime(const ModelShape& shape, const AcceleratorSpec& card) {
  const double rate = kOfPeak * card.peak_fp16().value();
  weights_ = Seconds::from_base(kHalf * matrix_parameters(shape) / card.memory_bandwidth.value());
  token_ = Seconds::from_base(2.0 * matrix_parameters(shape) / rate);
  pair_ = Seconds::from_base(4.0 * shape.layers * shape.hidden_size / rate);
}

Seconds EncoderStepTime::step_time(const OperatorBatch& batch) const {
  // A prompt's tokens attend to those before them, a text's to all.
  const double pairs = 2.0 * batch.num_pairs;
  return kBatch + std::max(weights_, token_ * batch.num_tokens) + pair_ * pairs;
}

double EncoderStepTime::tokens_per_second(double text_tokens) const {
  return 1.0 / (token_ + pair_ * text_tokens).value();
}

Bytes encoder_memory(const ModelShape& shape, const AcceleratorSpec& card, double batch_tokens) {
  const double weights = kHalf * shape.num_parameters;
  return Bytes::from_base(weights + kHalf * kActivations * shape.hidden_size * batch_tokens) + context_reserve(card);
}

}  // namespace labtwin::serving
