#pragma once

// A model of which a card holds only a part: where its weights lie, and how long a step takes.

#include "models/serving/model_weights.hpp"
#include "models/serving/step_time.hpp"

namespace labtwin::serving {

/// Bytes by where they lie. The token embedding is looked up, not read.
struct WeightPlacement {
  Bytes dense_on_card;  ///< with the output head
  Bytes experts_on_card;
  Bytes dense_in_host;
  Bytes experts_in_host;
  double picked = 1.0;  ///< share of the routed experts that one token goes through

  [[nodiscard]] Bytes in_host() const { return dense_in_host + experts_in_host; }
  /// That n tokens at once read: experts that none of them picks stay unread.
  [[nodiscard]] double touched(double tokens) const;
  [[nodiscard]] Bytes read_on_card(double tokens) const { return dense_on_card + experts_on_card * touched(tokens); }
  [[nodiscard]] Bytes read_in_host(double tokens) const { return dense_in_host + experts_in_host * touched(tokens); }
};

/// Law:    of n layers on the card it gets the last ones, with the output head if n exceeds the layers (`n_gpu_layers`); the
///         routed experts of the first layers stay in the host's memory (`n_cpu_moe`)
/// Inputs: weights by layer
/// Valid:  llama.cpp
/// Source: ggml-org/llama.cpp src/llama-model.cpp load_tensors, common/arg.cpp (--n-cpu-moe)
/// Error:  exact
[[nodiscard]] WeightPlacement place_weights(const ModelShape& shape, const ModelWeights& weights, int layers_on_card,
                                            int expert_layers_in_host);

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
