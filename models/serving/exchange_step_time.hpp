#pragma once

// Steps of several cards that share every matrix: what their all-reduces add to the work of one.

#include <memory>

#include "models/base/message_time.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

struct ExchangeCoefficients {
  double calls = 0.0;  ///< of a step
  Bytes token;         ///< of a message, for each token of the step
  MessageTime call{};  ///< one all-reduce
  double sent = 1.0;   ///< bytes that leave each card, per byte of the message
};

/// Law:    work of a card + calls x one all-reduce of n bytes of the step's tokens: nothing of it overlaps
/// Inputs: a batch; the work of one card with its share of every matrix
/// Valid:  tensor parallelism with an all-reduce behind attention and one behind the feed-forward block
/// Source: Megatron-LM (arXiv 1909.08053), section 3; times of all-reduces see kind collectives
/// Error:  see `labtwin validate` of kind tp_scaling
class ExchangeStepTime final : public StepTimeModel {
 public:
  ExchangeStepTime(std::unique_ptr<const StepTimeModel> of_card, const ExchangeCoefficients& exchange)
      : of_card_(std::move(of_card)), exchange_(exchange) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  std::unique_ptr<const StepTimeModel> of_card_;
  ExchangeCoefficients exchange_;
};

}  // namespace labtwin::serving
