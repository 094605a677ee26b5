#pragma once

#include "models/serving/accelerator_spec.hpp"
#include "models/serving/model_shape.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Of the logarithm of its times, from server to server: 90 % are within a factor of two, assumed.
inline constexpr double kEncoderSigma = 0.42;

/// Law:    seconds of a batch of texts = 5 ms + max(weights / bandwidth, 2 x parameters x tokens / (0.3 peak)) + 4 x layers x
///         hidden x the sum of squared lengths / (0.3 peak); parameters without the table of tokens, weights in 16 bits
/// Inputs: the datasheet's bandwidth and fastest rate in 16 bits; an encoder of models/catalog/embedders
/// Valid:  servers that batch without padding (text-embeddings-inference, infinity) on a card with matrix units
/// Source: bge-large-en-v1.5, 256 texts of 449 tokens: 0.31 of the peak on an L4, 0.29 on an MI210 (the infinity project's
///         benchmark); 10 ms of a single text of a small model on an M2 Pro
/// Error:  assumed: within a factor of two for such servers; plain sentence-transformers are a third as fast
class EncoderStepTime final : public StepTimeModel {
 public:
  EncoderStepTime(const ModelShape& shape, const AcceleratorSpec& card);
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  /// Tokens of texts of this length that a full card embeds.
  [[nodiscard]] double tokens_per_second(double text_tokens) const;

 private:
  Seconds weights_;
  Seconds token_;
  Seconds pair_;  ///< of a token that attends to another one
};

/// What an encoder takes of a card: weights in 16 bits, the activations of a batch, the context of its process.
[[nodiscard]] Bytes encoder_memory(const ModelShape& shape, const AcceleratorSpec& card, double batch_tokens);

}  // namespace labtwin::serving
