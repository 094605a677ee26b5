#pragma once

// How long a step takes of a model of which a card holds only a part.

#include "models/serving/step_time.hpp"
#include "models/serving/weight_placement.hpp"

namespace labtwin::serving {

/// Seconds of the terms of kind offload, factors applied.
struct OffloadCoefficients {
  WeightPlacement placement;
  double launch = 0.0;             ///< of a pass
  double card_per_byte = 0.0;      ///< of weights read
  double host_per_byte = 0.0;      ///< ... by cores
  double context_per_token = 0.0;  ///< attended to by a decode
  double prompt_launch = 0.0;
  double arithmetic = 0.0;          ///< of a token on the card
  double pair = 0.0;                ///< of a token of a prompt and one that it attends to
  double streaming_per_byte = 0.0;  ///< of weights that a pass copies to the card
  double cores_per_token = 0.0;     ///< where cores multiply instead
  double cores_host = 0.0;          ///< ... and what reading the weights takes them
  double ubatch = 512.0;
};

/// Law:    decodes: launch + weights that the batch touches, on the card and in the host's memory, each at its rate, + context;
///         prompts in microbatches: launch + arithmetic x (tokens + 64) + pairs + the lesser of copying what they touch to the
///         card and of multiplying on cores
/// Inputs: a batch
/// Valid:  one card and one host; weights that fit into both
/// Source: models/interconnect/host_offload.hpp and its factors
/// Error:  of one sequence see `labtwin validate` of kind offload; of batches not measured
class OffloadStepTime final : public StepTimeModel {
 public:
  explicit OffloadStepTime(const OffloadCoefficients& coefficients) : c_(coefficients) {}
  [[nodiscard]] Seconds step_time(const OperatorBatch& batch) const override;
  /// What is read of the host's memory.
  [[nodiscard]] StepTraffic traffic(const OperatorBatch& batch) const override;

 private:
  [[nodiscard]] double streaming(double tokens) const;
  [[nodiscard]] double pass(double tokens) const;

  OffloadCoefficients c_;
};

}  // namespace labtwin::serving
